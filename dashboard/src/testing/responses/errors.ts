export const UNAVAILABLE = {
  error: { code: "UNAVAILABLE", message: "Postgres is unavailable: connection refused" },
};
