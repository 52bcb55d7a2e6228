import { MantineProvider } from "@mantine/core";
import { type QueryClient, QueryClientProvider } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { AutoRefreshProvider } from "@/lib/hooks/autoRefresh";
import { cssVariables, theme } from "./theme";

export function Providers({ client, children }: { client: QueryClient; children: ReactNode }) {
  return (
    <MantineProvider theme={theme} cssVariablesResolver={cssVariables} defaultColorScheme="auto">
      <QueryClientProvider client={client}>
        <AutoRefreshProvider>{children}</AutoRefreshProvider>
      </QueryClientProvider>
    </MantineProvider>
  );
}
