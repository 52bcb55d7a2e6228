import { Button, NativeSelect, TextInput } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { DEFAULT_FIELD, FIELDS, type SearchFilters, searchFilters } from "./filters";
import classes from "./SearchForm.module.css";

/** What is typed becomes the URL when it is sent, and the URL is what is asked for. */
export function SearchForm({ filters }: { filters: SearchFilters }) {
  const navigate = useNavigate();
  const [by, setBy] = useState<string>(filters.by ?? DEFAULT_FIELD);
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
        onChange={(event) => setBy(event.currentTarget.value)}
        data={FIELDS.map(({ value, label }) => ({ value, label }))}
      />
      <TextInput
        label="Tenant"
        name="tenant"
        defaultValue={filters.tenant ?? ""}
        placeholder="tenant_a"
        required={by !== "request_id"}
        withAsterisk={false}
        autoComplete="on"
      />
      <TextInput
        className={classes.value ?? ""}
        label={field.label}
        name="value"
        defaultValue={filters.value ?? ""}
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

function given(form: FormData): SearchFilters {
  const fields = Object.fromEntries([...form].map(([name, value]) => [name, String(value).trim()]));
  return searchFilters(fields);
}
