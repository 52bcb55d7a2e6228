import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { EmptyState } from "@/ui/EmptyState";

export function PageNotFound() {
  return (
    <EmptyState
      title="Page not found"
      action={<Button renderRoot={(props) => <Link to="/" {...props} />}>Go to Overview</Button>}
    >
      The link may come from an older version of the dashboard.
    </EmptyState>
  );
}
