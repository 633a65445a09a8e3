/** Files for CI services and containers: of the form that those take. */
import { afterEach, beforeEach, test } from "bun:test";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { validateAction, validateWorkflow } from "@action-validator/core";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { validate } from "dockerfile-utils";
import { parse } from "yaml";
import { workflowFile } from "./files.ts";

const ROOT = resolve(import.meta.dir, "../..");
const GITLAB = join(ROOT, "node_modules/gitlab-ci-local/dist/index.js");
const PROJECT = {
  name: "mine",
  command: ["npm", "test"],
  because: "",
  install: "npm ci",
  hasTypes: false,
};
const text = (path: string) => readFileSync(join(ROOT, path), "utf8");

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tickproof-ci-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

test("the workflow for GitHub is one by GitHub's schema", () => {
  const { text: workflow } = workflowFile("github", PROJECT);
  assertEquals(validateWorkflow(workflow).errors, []);
  // The check can fail.
  assert(validateWorkflow(workflow.replace("runs-on", "run-on")).errors.length > 0);
});

test("the workflow for GitHub records, keeps traces of failures, and writes the job summary", () => {
  const { permissions, jobs } = parse(workflowFile("github", PROJECT).text);
  assertEquals(permissions, { contents: "read" });
  const steps: { run?: string; uses?: string; if?: string; with?: Record<string, unknown> }[] =
    jobs.record.steps;
  const runs = steps.map(({ run = "" }) => run).join("\n");
  assertStringIncludes(runs, "npx tickproof run --retry 1 -- npm test");
  assertStringIncludes(runs, "$GITHUB_STEP_SUMMARY");
  const upload = steps.find(({ uses }) => uses?.startsWith("actions/upload-artifact@"));
  assertStringIncludes(upload?.if ?? "", "failure()");
  assertEquals(upload?.with?.["include-hidden-files"], true);
});

test("action.yml is an action by GitHub's schema, and puts no input into a script's text", () => {
  const action = text("action.yml");
  assertEquals(validateAction(action).errors, []);
  assert(validateAction(action.replace("using: composite", "usage: composite")).errors.length > 0);
  const scripts: string[] = parse(action).runs.steps.flatMap(({ run }: { run?: string }) => run ?? []);
  assertEquals(scripts.length, 1);
  assertEquals(
    scripts.filter((script) => script.includes("${{")),
    [],
  );
});

/** Checks a folder's `.gitlab-ci.yml` by GitLab's schema, as gitlab-ci-local does. */
function gitlab(): { code: number; output: string } {
  const run = (...words: string[]) =>
    Bun.spawnSync(words, { cwd: folder, env: { ...process.env, NO_COLOR: "1" } });
  run("git", "init", "-q");
  run("git", "remote", "add", "origin", "https://gitlab.invalid/mine/mine.git");
  run("git", "add", "-A");
  const { exitCode, stdout, stderr } = run(process.execPath, GITLAB, "--list");
  return { code: exitCode, output: `${stdout}${stderr}` };
}

test("the pipeline for GitLab is one by GitLab's schema", () => {
  const { text: pipeline } = workflowFile("gitlab", PROJECT);
  writeFileSync(join(folder, ".gitlab-ci.yml"), pipeline);
  const { code, output } = gitlab();
  assertEquals(code, 0, output);
  assertStringIncludes(output, "json schema validated");
  writeFileSync(join(folder, ".gitlab-ci.yml"), pipeline.replace("when: always", "when: sometimes"));
  assertEquals(gitlab().code, 1);
});

test("the component for GitLab takes its inputs, and is a job by GitLab's schema", () => {
  copyFileSync(join(ROOT, "templates/tickproof.yml"), join(folder, "tickproof.yml"));
  const include = "include:\n  - local: tickproof.yml\n    inputs: { command: make check }\n";
  writeFileSync(join(folder, ".gitlab-ci.yml"), include);
  const { code, output } = gitlab();
  assertEquals(code, 0, output);
  assertStringIncludes(output, "json schema validated");
});

test("the Containerfile has no errors, and runs as an ordinary user", () => {
  const file = text("Containerfile");
  assertEquals(validate(file), []);
  assert(validate(file.replace("ENTRYPOINT", "ENTRYPIONT")).length > 0);
  const last = file.slice(file.lastIndexOf("FROM "));
  assertStringIncludes(last, "debian:bookworm-slim");
  assertStringIncludes(last, "\nUSER 1000:1000\n");
});
