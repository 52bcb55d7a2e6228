import { Button, NativeSelect, TextInput } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useEffect, useState } from "react";
import { DEFAULT_FIELD, SEARCH_FIELDS, type SearchField, type SearchFilters, searchFilters } from "./filters";
import classes from "./SearchForm.module.css";

/** The search form. Submitting it changes the URL, and the page searches for what the URL says. */
export function SearchForm({ filters }: { filters: SearchFilters }) {
  const navigate = useNavigate();
  const [entered, setEntered] = useEnteredFilters(filters);
  const { by = DEFAULT_FIELD, tenant = "", value = "" } = entered;
  const field = SEARCH_FIELDS.find((candidate) => candidate.value === by) ?? SEARCH_FIELDS[0];
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    void navigate({ to: "/search", search: filtersOf(new FormData(event.currentTarget)) });
  };
  return (
    <form role="search" className={classes.form} onSubmit={submit}>
      <NativeSelect
        label="Find by"
        name="by"
        value={by}
        onChange={(event) => setEntered({ ...entered, by: event.currentTarget.value as SearchField })}
        data={SEARCH_FIELDS.map(({ value, label }) => ({ value, label }))}
      />
      <TextInput
        label="Tenant"
        name="tenant"
        value={tenant}
        onChange={(event) => setEntered({ ...entered, tenant: event.currentTarget.value })}
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
        onChange={(event) => setEntered({ ...entered, value: event.currentTarget.value })}
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

/** The values in the form. They follow the URL, also on Back, without remounting the fields, which would lose focus. */
function useEnteredFilters(filters: SearchFilters) {
  const [entered, setEntered] = useState(filters);
  const inUrl = JSON.stringify(filters);
  useEffect(() => setEntered(searchFilters(JSON.parse(inUrl))), [inUrl]);
  return [entered, setEntered] as const;
}

function filtersOf(form: FormData): SearchFilters {
  const fields = Object.fromEntries([...form].map(([name, value]) => [name, String(value).trim()]));
  return searchFilters(fields);
}
