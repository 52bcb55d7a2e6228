import { Button, NativeSelect, TextInput } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useEffect, useState } from "react";
import { DEFAULT_FIELD, FIELDS, type Field, type SearchFilters, searchFilters } from "./filters";
import classes from "./SearchForm.module.css";

/** What is typed becomes the URL when it is sent, and the URL is what is asked for. */
export function SearchForm({ filters }: { filters: SearchFilters }) {
  const navigate = useNavigate();
  const [typed, setTyped] = useTyped(filters);
  const { by = DEFAULT_FIELD, tenant = "", value = "" } = typed;
  const field = FIELDS.find((known) => known.value === by) ?? FIELDS[0];
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    void navigate({ to: "/search", search: given(new FormData(event.currentTarget)) });
  };
  return (
    <form role="search" className={classes.form} onSubmit={submit}>
      <NativeSelect
        label="Find by"
        name="by"
        value={by}
        onChange={(event) => setTyped({ ...typed, by: event.currentTarget.value as Field })}
        data={FIELDS.map((known) => ({ value: known.value, label: known.label }))}
      />
      <TextInput
        label="Tenant"
        name="tenant"
        value={tenant}
        onChange={(event) => setTyped({ ...typed, tenant: event.currentTarget.value })}
        placeholder="tenant_a"
        required={by !== "request_id"}
        withAsterisk={false}
        autoComplete="on"
      />
      <TextInput
        className={classes.value ?? ""}
        label={field.label}
        name="value"
        value={value}
        onChange={(event) => setTyped({ ...typed, value: event.currentTarget.value })}
        placeholder={field.example}
        required
        withAsterisk={false}
        autoComplete="off"
        spellCheck={false}
        data-search-field
      />
      <Button type="submit" leftSection={<IconSearch size={16} />}>
        Search
      </Button>
    </form>
  );
}

/** What stands in the fields. The URL also changes by going back; the fields themselves stay, and the focus in them. */
function useTyped(filters: SearchFilters) {
  const [typed, setTyped] = useState(filters);
  const asked = JSON.stringify(filters);
  useEffect(() => setTyped(searchFilters(JSON.parse(asked))), [asked]);
  return [typed, setTyped] as const;
}

function given(form: FormData): SearchFilters {
  const fields = Object.fromEntries([...form].map(([name, value]) => [name, String(value).trim()]));
  return searchFilters(fields);
}
