import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { Message } from "@/ui/EmptyState";

export function NotFound() {
  return (
    <Message
      title="There is no such page"
      action={<Button renderRoot={(props) => <Link to="/" {...props} />}>Go to Overview</Button>}
    >
      The address may be from an older version of the dashboard.
    </Message>
  );
}
