import { Group, Kbd, Modal, Stack } from "@mantine/core";
import { SHORTCUTS } from "./shortcuts";

export function ShortcutsDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title="Keyboard shortcuts"
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <Stack gap={10} component="ul" p={0} m={0}>
        {SHORTCUTS.map(({ keys, description }) => (
          <Group key={description} component="li" justify="space-between" gap="lg" fz="sm">
            {description}
            <Group gap={4}>
              {keys.map((key) => (
                <Kbd key={key}>{key}</Kbd>
              ))}
            </Group>
          </Group>
        ))}
      </Stack>
    </Modal>
  );
}
