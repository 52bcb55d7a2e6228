import { Button, Group, Modal, PasswordInput, Text } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import type { FormEvent } from "react";
import { dismissTokenRequest, saveToken } from "@/api/token";
import { useTokenState } from "./useTokenState";

/** Opens when the admin API responds with 401. The token is kept in this tab only. */
export function TokenDialog() {
  const { requested, token } = useTokenState();
  const client = useQueryClient();
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const entered = new FormData(event.currentTarget).get("token");
    if (typeof entered !== "string" || !entered.trim()) return;
    saveToken(entered.trim());
    void client.refetchQueries({ type: "active" });
  };
  return (
    <Modal
      opened={requested}
      onClose={dismissTokenRequest}
      title="Access token required"
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <form onSubmit={submit}>
        <Text size="sm" c="dimmed" mb="md">
          {token ? "The admin API rejected this token." : "The admin API requires a token."} Enter one of the
          tokens from its ADMIN_TOKENS setting. It is kept until you close this tab.
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
