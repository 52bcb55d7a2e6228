/** Answers of the admin API as tests and pictures want them; times count back from `now`. */
export * from "./deadLetters";
export * from "./errors";
export * from "./lag";
export * from "./overview";
export * from "./payload";
export * from "./search";
