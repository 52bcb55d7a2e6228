import { QueryClient } from "@tanstack/react-query";
import { ApiError } from "@/api/errors";

export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        // The API is often on this very machine: a browser that believes itself offline asks all the same.
        networkMode: "always",
        retry: (failures, error) => failures < 1 && !(error instanceof ApiError && error.final),
        retryDelay: 400,
        staleTime: 1_000,
      },
    },
  });
}
