/**
 * Modules that scripts import and no package declares: manifests, and Deno's assertions, which scripts get from
 * tickproof where the project has none.
 */

/** What `import suite from "./x.suite.yaml"` gives, with `tickproof/bun` preloaded: the checked manifest. */
declare module "*.suite.yaml" {
  const suite: import("tickproof").Suite;
  export default suite;
}

/** `@std/assert` is `tickproof/assert`. */
declare module "@std/assert" {
  export * from "tickproof/assert";
}
