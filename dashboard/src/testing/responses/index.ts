/** Example responses of the admin API for unit tests and screenshots; timestamps count back from `now`. */
export * from "./deadLetters";
export * from "./errors";
export * from "./lag";
export * from "./overview";
export * from "./payload";
export * from "./search";
