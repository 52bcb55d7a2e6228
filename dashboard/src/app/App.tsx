import { RouterProvider } from "@tanstack/react-router";
import { useState } from "react";
import { createQueryClient } from "@/api/queryClient";
import { Providers } from "./Providers";
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
