import { afterAll, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { UsageError } from "../errors/mod.ts";
import { checkManifest } from "../manifest/mod.ts";
import { factsOf } from "../run/decide/facts.ts";
import { capabilitiesOf, capabilityNames } from "./capabilities.ts";
import { loadDescribedHost } from "./described.ts";
import { loadUserProbe } from "./user-probe.ts";

const FOLDER = mkdtempSync(join(tmpdir(), "user-probe-"));
afterAll(() => rmSync(FOLDER, { recursive: true }));

function write(name: string, text: string): string {
  const path = join(FOLDER, name);
  writeFileSync(path, text);
  return path;
}

const COUNTS = `export default {
  name: "loops-counted",
  title: "a loop is counted",
  needs: { "hardware-events": "yes" },
  uses: ["pmu"],
  run({ count, finding, readFile, host }) {
    const branches = count("retired-conditional-branches:u", 500);
    if (typeof branches === "string") return { state: "unknown", evidence: branches };
    const kernel = readFile("/proc/sys/kernel/osrelease")?.trim();
    return { state: branches === 500 ? "yes" : "no", evidence: \`\${branches} on \${host} \${kernel}, pmu \${finding("pmu").state}\` };
  },
};`;

test("a probe of a user's own is a capability on hosts of all kinds, and has the tools of tickproof's own", () => {
  const { name } = loadUserProbe(write("loops.probe.ts", COUNTS));
  assertEquals(capabilityNames().at(-1), name);
  const finding = (host: string) => capabilitiesOf(loadDescribedHost(host), [name]).get(name);
  assertEquals(finding("zen4"), { state: "yes", evidence: "500 on zen4 6.1.0-18-amd64, pmu yes" });
  assertEquals(finding("firecracker"), {
    state: "no",
    evidence: "can't be measured: hardware-events is no",
  });
});

test("a manifest's conditions can name what its own probes find", () => {
  write("loops.probe.ts", COUNTS);
  const manifest = (probes: string, requires: string) =>
    checkManifest(
      "m.yaml",
      `suite: s\n${probes}tests:\n  - name: t\n    command: "true"\n    requires: ${requires}\n`,
      FOLDER,
    );
  const [one] = manifest("probes: [loops.probe.ts]\n", "loops-counted").tests;
  assertEquals(one?.requires[0]?.when, ["loops-counted"]);
  assertThrows(() => manifest("", "loops-cuonted"), UsageError, "unknown capability 'loops-cuonted'");
  const error = assertThrows(() => manifest("probes: [missing.ts]\n", "pmu"), UsageError);
  assertStringIncludes(error.message, "m.yaml:2:10");
  assertStringIncludes(error.message, "there is no such file");
});

test("the example of docs/doctor.md is a probe, word for word", () => {
  const docs = resolve(import.meta.dir, "../../docs");
  const text = readFileSync(join(docs, "exact-instructions.probe.ts"), "utf8");
  assertStringIncludes(readFileSync(join(docs, "doctor.md"), "utf8"), `probe.ts\n${text}\`\`\``);
  const { name } = loadUserProbe(join(docs, "exact-instructions.probe.ts"));
  const finding = capabilitiesOf(loadDescribedHost("haswell"), [name]).get(name);
  assertEquals(finding, {
    state: "yes",
    evidence: "1000 instructions around 500 branches",
    numbers: { counted: 1000, branches: 500 },
  });
});

test("what is no probe is refused, with what is wrong", () => {
  const refused = (text: string) => {
    const path = write(`wrong-${Bun.hash(text)}.ts`, text);
    return assertThrows(() => loadUserProbe(path), UsageError).message;
  };
  const run = "run: () => ({ state: 'yes', evidence: 'e' })";
  assertStringIncludes(refused("export const x = 1;"), "its default export must be an object");
  assertStringIncludes(refused("export default {"), "cannot load the probe");
  assertStringIncludes(refused("throw new Error('mine');"), "mine");
  assertStringIncludes(
    refused(`export default { name: "A b", title: "t", ${run} };`),
    "current value is 'A b'",
  );
  assertStringIncludes(
    refused(`export default { name: "pmu", title: "t", ${run} };`),
    "tickproof's own probe 'pmu'",
  );
  assertStringIncludes(
    refused(`export default { name: "a", titel: "t", ${run} };`),
    "'titel': did you mean 'title'?",
  );
  assertStringIncludes(refused('export default { name: "a", title: "t" };'), "'run' must be a function");
  assertStringIncludes(
    refused(`export default { name: "a", title: "t", needs: { pmuu: "yes" }, ${run} };`),
    "no capability is named 'pmuu': did you mean 'pmu'?",
  );
  assertStringIncludes(refused(COUNTS), "is named 'loops-counted' as");
});

test("what a probe must not return, or throws, is told as a fault of the probe", () => {
  const bad = (name: string, body: string) =>
    loadUserProbe(write(`${name}.ts`, `export default { name: "${name}", title: "t", run() { ${body} } };`))
      .name;
  const names = [
    bad("no-state", "return { state: 'maybe', evidence: 'e' };"),
    bad("no-evidence", "return { state: 'yes' };"),
    bad("a-promise", "return Promise.resolve({ state: 'yes', evidence: 'e' });"),
    bad("no-numbers", "return { state: 'yes', evidence: 'e', numbers: { a: 'b' } };"),
    bad("it-throws", "throw new Error('no luck');"),
    bad("it-is-fine", "return { state: 'no', evidence: ' two\\nlines ' };"),
  ];
  const { broken, capabilities } = factsOf(loadDescribedHost("haswell"), names);
  assertEquals([...broken.keys()], names.slice(0, 5));
  assertStringIncludes(
    broken.get("no-state") ?? "",
    "a 'state' of yes, no, unknown: current value is 'maybe'",
  );
  assertStringIncludes(broken.get("a-promise") ?? "", "not a promise");
  assertEquals(broken.get("it-throws"), "no luck");
  assertEquals(capabilities.get("it-is-fine")?.state, "no");
});
