/**
 * `tickproof/assert`: the assertions of `@std/assert`, for scripts and for tickproof itself. JavaScript, so that
 * every runtime and every test runner can import it from an installed package.
 */
export * from "deno-std/assert/mod.js";
