export const UNAVAILABLE = {
  error: { code: "UNAVAILABLE", message: "Postgres does not answer: connection refused" },
};
