import { createMemoryHistory, RouterProvider } from "@tanstack/react-router";
import { render } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { Providers } from "@/app/Providers";
import { createQueryClient } from "@/app/queryClient";
import { createAppRouter } from "@/app/router";

/** Renders the whole dashboard at an address. */
export function openPage(address: string) {
  const router = createAppRouter(createMemoryHistory({ initialEntries: [address] }));
  const client = createQueryClient();
  render(
    <Providers client={client}>
      <RouterProvider router={router} />
    </Providers>,
  );
  return {
    user: userEvent.setup(),
    url: () => router.state.location.href,
    back: () => router.history.back(),
  };
}
