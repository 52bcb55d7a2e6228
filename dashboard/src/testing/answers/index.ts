/** Answers of the admin API as tests and pictures want them; times count back from `now`. */
export * from "./deadLetters";
export * from "./overview";
export * from "./payload";
export * from "./pipeline";
export * from "./refusals";
export * from "./search";
