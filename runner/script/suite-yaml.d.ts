/** What `import suite from "./x.suite.yaml"` gives, with `tickproof/bun` preloaded: the checked manifest. */
declare module "*.suite.yaml" {
  const suite: import("tickproof").Suite;
  export default suite;
}
