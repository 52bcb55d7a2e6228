import { Button, Select, TextInput } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import type { Overview } from "@/api/types";
import { formatCount } from "@/lib/numbers";
import classes from "./DlqFilterBar.module.css";
import { type DlqFilters, isTenant } from "./filters";

/** The list is filtered once nothing was typed for this long. */
const DEBOUNCE_MS = 350;

type DlqFilterBarProps = { filters: DlqFilters; codes: Overview["dead_by_code"] };

/** Filters by reason code and tenant; both are kept in the URL. */
export function DlqFilterBar({ filters, codes }: DlqFilterBarProps) {
  const navigate = useNavigate();
  const apply = (next: DlqFilters) => void navigate({ to: "/dlq", search: next, replace: true });
  const { code, tenant } = filters;
  return (
    <div role="search" className={classes.bar}>
      <Select
        className={classes.code ?? ""}
        label="Reason"
        placeholder="All reasons"
        clearable
        clearButtonProps={{ "aria-label": "Show all reasons" }}
        value={code ?? null}
        onChange={(selected) => apply({ ...(selected && { code: selected }), ...(tenant && { tenant }) })}
        data={codeOptions(codes, code)}
      />
      <TenantField
        tenant={tenant ?? ""}
        onChange={(entered) => apply({ ...(code && { code }), ...(entered && { tenant: entered }) })}
      />
      {(code || tenant) && (
        <Button variant="subtle" onClick={() => apply({})}>
          Clear filters
        </Button>
      )}
    </div>
  );
}

function TenantField({ tenant, onChange }: { tenant: string; onChange: (tenant: string) => void }) {
  const [text, setText] = useState(tenant);
  useEffect(() => setText(tenant), [tenant]);
  const isInvalid = text !== "" && !isTenant(text);
  useEffect(() => {
    if (isInvalid || text === tenant) return;
    const timer = setTimeout(() => onChange(text), DEBOUNCE_MS);
    return () => clearTimeout(timer);
  }, [text, tenant, isInvalid, onChange]);
  return (
    <TextInput
      className={classes.tenant ?? ""}
      label="Tenant"
      placeholder="All tenants"
      value={text}
      onChange={(event) => setText(event.currentTarget.value.trim())}
      error={isInvalid && "Only letters, digits, dots, dashes and underscores"}
    />
  );
}

/** The code from the URL is an option even if no dead letter has it any more. */
function codeOptions(codes: Overview["dead_by_code"], selected: string | undefined) {
  const known = codes.map(({ code, count }) => ({ value: code, label: `${code} (${formatCount(count)})` }));
  const isKnown = selected === undefined || codes.some(({ code }) => code === selected);
  return isKnown ? known : [...known, { value: selected, label: selected }];
}
