import { Button, Group, Modal, PasswordInput, Text } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import type { FormEvent } from "react";
import { giveToken, stopAsking, useTokenState } from "@/api/token";

/** Opens when the admin API refuses us. The token stays in this tab. */
export function TokenDialog() {
  const { asked, token } = useTokenState();
  const client = useQueryClient();
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const given = new FormData(event.currentTarget).get("token");
    if (typeof given !== "string" || !given.trim()) return;
    giveToken(given.trim());
    void client.refetchQueries({ type: "active" });
  };
  return (
    <Modal
      opened={asked}
      onClose={stopAsking}
      title="A token is needed"
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <form onSubmit={submit}>
        <Text size="sm" c="dimmed" mb="md">
          {token ? "The admin API does not know that token." : "This admin API answers only with a token."}{" "}
          Tokens are listed in its setting ADMIN_TOKENS. Yours is kept until you close this tab.
        </Text>
        <PasswordInput
          name="token"
          label="Token"
          autoComplete="off"
          data-autofocus
          required
          withAsterisk={false}
        />
        <Group justify="flex-end" mt="lg">
          <Button type="submit">Use this token</Button>
        </Group>
      </form>
    </Modal>
  );
}
