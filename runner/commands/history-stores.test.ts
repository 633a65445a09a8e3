/** The commands that ask the history, over each store that it can be in. */
import { test } from "bun:test";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { testStores } from "../history/_stores.ts";

const [CLI, LINE, OUTPUT, ERRORS] = [
  "../cli.ts",
  "../start/command-line.ts",
  "../output/mod.ts",
  "../errors/mod.ts",
].map((path) => resolve(import.meta.dir, path));

/** What a command came to. */
interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

/** Ends what one command has written, when one process runs several of them: each start takes a while. */
const END = "=== end of a command";
const SEVERAL = `
  import { main } from ${JSON.stringify(LINE)};
  import { print, say } from ${JSON.stringify(OUTPUT)};
  import { isUserError } from ${JSON.stringify(ERRORS)};
  for (const args of JSON.parse(process.argv.at(-1))) {
    let code = 2;
    try {
      code = await main(args);
    } catch (error) {
      if (!isUserError(error)) throw error;
      say("tickproof: " + error.message + "\\n");
    }
    print("${END} " + code + "\\n");
    say("${END} " + code + "\\n");
  }
  process.exit(0);`;

/** A folder with a manifest of a test that passes and one that fails, and tickproof in it. */
class Project implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), "tickproof-stores-"));

  constructor() {
    const good = "{ name: good, command: 'true' }";
    const wrong = "{ name: wrong, command: 'true', expect: { exit: 1 } }";
    writeFileSync(join(this.folder, "m.yaml"), `suite: m\ntests:\n  - ${good}\n  - ${wrong}\n`);
  }

  settings(text: string): void {
    writeFileSync(join(this.folder, "tickproof.yaml"), text);
  }

  /** Runs tickproof once, by its command line. */
  tickproof(args: readonly string[], more: Record<string, string> = {}): Ended {
    return this.#start([CLI ?? "", ...args], more);
  }

  /** Runs several commands in one process, one behind the other. */
  inOne<Name extends string>(
    commands: Readonly<Record<Name, readonly string[]>>,
    more: Record<string, string> = {},
  ): Record<Name, Ended> {
    const all = JSON.stringify(Object.values(commands));
    const { code, stdout, stderr } = this.#start(["-e", SEVERAL, all], more);
    assertEquals(code, 0, stderr);
    const [out, err] = [stdout, stderr].map((all) => all.split(new RegExp(`${END} (\\d+)\n`))) as [
      string[],
      string[],
    ];
    const ended = Object.keys(commands).map((name, at): [string, Ended] => [
      name,
      { code: Number(out[2 * at + 1]), stdout: out[2 * at] ?? "", stderr: err[2 * at] ?? "" },
    ]);
    return Object.fromEntries(ended) as Record<Name, Ended>;
  }

  #start(args: readonly string[], more: Record<string, string>): Ended {
    const { TICKPROOF_HISTORY: _, TICKPROOF_STORE: __, ...environment } = process.env;
    const { exitCode, stdout, stderr } = Bun.spawnSync([process.execPath, ...args], {
      cwd: this.folder,
      stdin: "ignore",
      env: { ...environment, NO_COLOR: "1", CI: "", ...more },
    });
    return { code: exitCode, stdout: stdout.toString(), stderr: stderr.toString() };
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true });
  }
}

for (const store of testStores()) {
  store.test(`${store.name}: suites, history and report tell of one history`, async () => {
    using project = new Project();
    const place = await store.place();
    const url = place.kind === "postgres" ? place.url.replace("me@", "me:secret@") : undefined;
    const where = place.kind === "sqlite" ? `history: ${place.path}` : `store: ${url}`;
    // Times are of a machine that may be busy: ticks alone are compared.
    project.settings(`${where}\nbaseline: { overhead: 1000000 }\n`);
    const ended = project.inOne({
      early: ["suites", "--failed", "m.yaml"],
      first: ["suites", "--update-baseline", "m.yaml"],
      failed: ["suites", "--failed", "m.yaml"],
      again: ["suites", "--baseline", "--filter", "good", "m.yaml"],
      trends: ["history", "--json"],
      runs: ["history", "--runs"],
      one: ["history", "wrong"],
      compared: ["history", "--compare", "1,last"],
      page: ["report"],
      copied: ["history", "export", "all.jsonl"],
      back: ["history", "import", "all.jsonl"],
      pruned: ["history", "prune", "--keep", "1"],
      rest: ["history", "--json"],
      config: ["config"],
    });
    const {
      early,
      first,
      failed,
      again,
      trends,
      runs,
      one,
      compared,
      page,
      copied,
      back,
      pruned,
      rest,
      config,
    } = ended;
    assertEquals([early.code, early.stderr.includes("no run yet")], [2, true]);
    assertEquals(first.code, 1, first.stderr);
    assertStringIncludes(first.stderr, "baseline set for 1 test");
    assertEquals([failed.code, failed.stdout.includes("good")], [1, false], failed.stdout);
    assertEquals([again.code, again.stderr.includes("none is set")], [0, false], again.stderr);
    assertEquals(
      JSON.parse(trends.stdout).map((trend: Record<string, unknown>) => [
        trend.test,
        trend.attempts,
        trend.failed,
      ]),
      [
        ["m/good", 2, 0],
        ["m/wrong", 2, 2],
      ],
    );
    assertMatch(runs.stdout, /\n *3 .* 1\/1 *\n *2 .* 0\/1 *\n *1 .* 1\/2 *\n/);
    assertMatch(one.stdout, /2 attempts, 2 failed[\s\S]*first failure: run 1/);
    assertMatch(compared.stdout, /m\/good +1\/1 +1\/1/);
    assertStringIncludes(page.stderr, "4 attempts at 2 tests");
    assertStringIncludes(copied.stderr, "all.jsonl: 3 runs, 4 attempts, 1 baseline\n");
    assertStringIncludes(back.stderr, "0 runs, 0 attempts, 0 baselines new");
    assertStringIncludes(pruned.stderr, "2 runs removed");
    assertEquals(JSON.parse(rest.stdout).length, 1);
    assertStringIncludes(config.stdout, place.kind === "sqlite" ? place.path : "postgres://me@localhost/");
    const html = readFileSync(join(project.folder, "tickproof-report.html"), "utf8");
    const shown = [html, ...Object.values(ended).flatMap(({ stdout, stderr }) => [stdout, stderr])].join(
      "\n",
    );
    assert(!shown.includes("secret"), "the password is shown");
  });
}

test("a store that can't be reached is a warning, and what it did not take is kept", () => {
  using project = new Project();
  const away = { TICKPROOF_STORE: "postgres://me:secret@127.0.0.1:1/team" };
  const ended = project.inOne(
    {
      asked: ["history"],
      run: ["suites", "--filter", "good", "m.yaml"],
      // The programs of a run do not inherit the variable; what follows in its process does not have it either.
      config: ["config", "--json"],
    },
    away,
  );
  const { asked, run, config } = ended;
  assertEquals([asked.code, run.code], [2, 0], run.stderr);
  assertMatch(
    run.stderr,
    /warning: the history postgres:\/\/me@127\.0\.0\.1:1\/team can't be used \(.*\): see that the server runs.*; this run is not added\n/,
  );
  assertMatch(
    run.stderr,
    /warning: 1 attempt of this run is not in the history but in .*not-stored-\w+\.jsonl: /,
  );
  assert(!config.stdout.includes("TICKPROOF_STORE"), config.stdout);
  assert(!JSON.stringify(ended).includes("secret"));
  const [file = ""] = readdirSync(join(project.folder, ".tickproof")).filter((name) =>
    name.endsWith(".jsonl"),
  );
  const { added } = project.inOne({ added: ["history", "import", `.tickproof/${file}`] });
  assertStringIncludes(added.stderr, "1 run, 1 attempt, 0 baselines new");
});

test("a wrong store is refused with its place, and its password is not shown", () => {
  using project = new Project();
  project.settings(`jobs: 1\nstore: "mysql://me:secret@host/team"\n`);
  const { code, stderr } = project.tickproof(["history"]);
  assertEquals(code, 2);
  assertStringIncludes(
    stderr,
    "tickproof.yaml:2:8: 'store': must be postgres://USER@HOST:PORT/DATABASE: its scheme is",
  );
  assertStringIncludes(stderr, `store: "mysql://me:******@host/team"`);
  rmSync(join(project.folder, "tickproof.yaml"));
  const wrong = [
    ["import"],
    ["import", "nothing.jsonl"],
    ["prune"],
    ["prune", "--keep", "some"],
    ["export", "a", "b"],
  ];
  const commands = Object.fromEntries(wrong.map((args) => [args.join(" "), ["history", ...args]]));
  for (const ended of Object.values(project.inOne(commands)))
    assertEquals([ended.code, /^tickproof: [^\n]+\n$/.test(ended.stderr)], [2, true], ended.stderr);
  assert(!existsSync(join(project.folder, "a")));
});
