import { QueryClient } from "@tanstack/react-query";
import { ApiError } from "@/api/errors";

export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        // The API is often on this machine, so requests are sent even when the browser reports that it is offline.
        networkMode: "always",
        retry: (failures, error) => failures < 1 && !(error instanceof ApiError && error.isPermanent),
        retryDelay: 400,
        staleTime: 1_000,
      },
    },
  });
}
