import { Skeleton, Stack } from "@mantine/core";

export function BarListSkeleton() {
  return (
    <Stack gap={6}>
      {["100%", "78%", "55%", "40%", "22%"].map((width) => (
        <Skeleton key={width} height={28} width={width} />
      ))}
    </Stack>
  );
}
