import { test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { assertEquals } from "@std/assert";
import { claim, giveBack, isAbandoned } from "./claim.ts";

const MODULE = resolve(import.meta.dir, "scratch.ts");

/** A process that makes a temporary folder, says so, and waits for an end of its input. */
function maker(folder: string): Bun.Subprocess<"pipe", "pipe", "inherit"> {
  const code = `import { Scratch } from ${JSON.stringify(MODULE)}; using made = new Scratch("some");
    console.log(made.path); await Bun.stdin.text();`;
  return Bun.spawn([process.execPath, "-e", code], {
    env: { ...process.env, TMPDIR: folder },
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  });
}

async function firstLine(child: Bun.Subprocess<"pipe", "pipe", "inherit">): Promise<string> {
  const { value } = await child.stdout.getReader().read();
  return Buffer.from(value ?? [])
    .toString()
    .trim();
}

test("a temporary folder goes with its process, or at the next start if that is killed; others stay", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tickproof-scratch-"));
  try {
    const foreign = join(folder, "tickproof-of-another-kind");
    mkdirSync(foreign);
    const [killed, living] = [maker(folder), maker(folder)];
    const [left, inUse] = [await firstLine(killed), await firstLine(living)];
    killed.kill("SIGKILL");
    await killed.exited;
    assertEquals(existsSync(left), true);
    const next = maker(folder);
    const own = await firstLine(next);
    assertEquals([left, inUse, own, foreign].map(existsSync), [false, true, true, true]);
    for (const child of [living, next]) {
      child.stdin.end();
      assertEquals(await child.exited, 0);
    }
    assertEquals(readdirSync(folder), ["tickproof-of-another-kind"]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("isAbandoned() is true of what nobody has locked, and never of what was given back or is no folder", () => {
  const folder = mkdtempSync(join(tmpdir(), "tickproof-claim-"));
  try {
    assertEquals(isAbandoned(folder), false);
    const release = claim(folder);
    assertEquals(isAbandoned(folder), false);
    release();
    assertEquals([isAbandoned(folder), readdirSync(folder)], [false, []]);
    writeFileSync(join(folder, ".in-use"), "");
    assertEquals(isAbandoned(folder), true);
    assertEquals(
      [isAbandoned(join(folder, ".in-use")), isAbandoned(join(folder, "nowhere"))],
      [false, false],
    );
    giveBack(folder);
    assertEquals(isAbandoned(folder), false);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
