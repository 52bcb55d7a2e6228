import { Button, Select, TextInput } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import type { Overview } from "@/api/types";
import { count } from "@/lib/numbers";
import classes from "./DlqFilterBar.module.css";
import { type DlqFilters, isTenant } from "./filters";

/** Typing settles for this long before the list is asked for. */
const SETTLE_MS = 350;

type DlqFilterBarProps = { filters: DlqFilters; codes: Overview["dead_by_code"] };

export function DlqFilterBar({ filters, codes }: DlqFilterBarProps) {
  const navigate = useNavigate();
  const show = (next: DlqFilters) => void navigate({ to: "/dlq", search: next, replace: true });
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
        onChange={(chosen) => show({ ...(chosen && { code: chosen }), ...(tenant && { tenant }) })}
        data={options(codes, code)}
      />
      <TenantField
        tenant={tenant ?? ""}
        onChange={(given) => show({ ...(code && { code }), ...(given && { tenant: given }) })}
      />
      {(code || tenant) && (
        <Button variant="subtle" onClick={() => show({})}>
          Clear filters
        </Button>
      )}
    </div>
  );
}

function TenantField({ tenant, onChange }: { tenant: string; onChange: (tenant: string) => void }) {
  const [text, setText] = useState(tenant);
  useEffect(() => setText(tenant), [tenant]);
  const wrong = text !== "" && !isTenant(text);
  useEffect(() => {
    if (wrong || text === tenant) return;
    const timer = setTimeout(() => onChange(text), SETTLE_MS);
    return () => clearTimeout(timer);
  }, [text, tenant, wrong, onChange]);
  return (
    <TextInput
      className={classes.tenant ?? ""}
      label="Tenant"
      placeholder="All tenants"
      value={text}
      onChange={(event) => setText(event.currentTarget.value.trim())}
      error={wrong && "Letters, digits, dot, dash and underscore only"}
    />
  );
}

/** A code from the URL is offered even when no dead letter has it any more. */
function options(codes: Overview["dead_by_code"], chosen: string | undefined) {
  const known = codes.map(({ code, count: kept }) => ({ value: code, label: `${code} (${count(kept)})` }));
  const isKnown = chosen === undefined || codes.some(({ code }) => code === chosen);
  return isKnown ? known : [...known, { value: chosen, label: chosen }];
}
