import { RouterProvider } from "@tanstack/react-router";
import { useState } from "react";
import { Providers } from "./Providers";
import { createQueryClient } from "./queryClient";
import { createAppRouter } from "./router";

export function App() {
  const [client] = useState(createQueryClient);
  const [router] = useState(() => createAppRouter());
  return (
    <Providers client={client}>
      <RouterProvider router={router} />
    </Providers>
  );
}
