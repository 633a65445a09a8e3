import { expect, test } from "bun:test";
import { dirname } from "node:path";
import { temporaryFolder } from "./_fixtures.ts";
import { ChunkFile } from "./chunk-file.ts";
import { ChunkSource } from "./chunk-source.ts";
import { BACKLOG_BYTES, CUT_BYTES } from "./limits.ts";

/** Reads a file of chunks: the first byte of each, and how it ends. */
function firstBytes(path: string): { bytes: (number | undefined)[]; state: "end" | "cut" } {
  const source = new ChunkSource(dirname(path));
  const bytes: (number | undefined)[] = [];
  let result = source.next();
  for (; result.state === "chunk"; result = source.next()) bytes.push(result.chunk.raw[0]);
  source.close();
  return { bytes, state: result.state };
}

const numbersTo = (count: number) => Array.from({ length: count }, (_, i) => i % 256);

/** Appends chunks, each filled with its number, until they are written in the background; returns how many. */
function appendUntilInBackground(file: ChunkFile): number {
  const raw = new Uint8Array(CUT_BYTES);
  let count = 0;
  for (; !file.inBackground; count++) {
    file.append(1, raw.fill(count));
    Bun.sleepSync(1);
  }
  return count;
}

/** Runs a script that has `file` and `appendUntilInBackground`, to its end by whatever means. */
function runScript(path: string, script: string, limits = ":") {
  const source = `
    import { ChunkFile } from "${import.meta.dir}/chunk-file.ts";
    const CUT_BYTES = ${CUT_BYTES};
    ${appendUntilInBackground.toString()}
    const file = new ChunkFile(${JSON.stringify(path)});
    ${script}`;
  return Bun.spawnSync(["sh", "-c", `${limits}; exec "$0" -e "$1"`, process.execPath, source]);
}

test("a small file is written at once, by this thread", () => {
  using folder = temporaryFolder();
  const file = new ChunkFile(folder.path("events"));
  file.append(1, new Uint8Array(100));
  expect(file.inBackground).toBe(false);
  expect(firstBytes(folder.path("events"))).toEqual({ bytes: [0], state: "end" });
  file.finish();
  file.close();
});

test("chunks stay in order when the background takes over, and of any size", () => {
  using folder = temporaryFolder();
  const file = new ChunkFile(folder.path("events"));
  let count = appendUntilInBackground(file);
  for (const size of [30, CUT_BYTES, BACKLOG_BYTES * 2, 30, BACKLOG_BYTES, CUT_BYTES]) {
    file.append(1, new Uint8Array(size).fill(count++));
  }
  file.finish();
  expect(firstBytes(folder.path("events"))).toEqual({ bytes: numbersTo(count), state: "end" });
  file.close();
});

test("append() in the background keeps nothing of the buffer", () => {
  using folder = temporaryFolder();
  const file = new ChunkFile(folder.path("events"));
  let count = appendUntilInBackground(file);
  const raw = new Uint8Array(CUT_BYTES);
  for (let i = 0; i < 30; i++) file.append(1, raw.fill(count++));
  // Not even close() loses chunks.
  file.close();
  expect(firstBytes(folder.path("events"))).toEqual({ bytes: numbersTo(count), state: "end" });
});

test("a file that is closed while the thread starts is whole", () => {
  using folder = temporaryFolder();
  const file = new ChunkFile(folder.path("events"));
  for (let i = 0; i < 3; i++) file.append(1, new Uint8Array(CUT_BYTES + 1).fill(i));
  file.close();
  expect(firstBytes(folder.path("events"))).toEqual({ bytes: [0, 1, 2], state: "end" });
});

test("a failure in the background is thrown by what is called next, and the file ends with a whole chunk", () => {
  using folder = temporaryFolder();
  const path = folder.path("events");
  const { stdout, stderr } = runScript(
    path,
    `const told = (f) => { try { f(); } catch (error) { console.log(error.name + " " + error.message); } };
    appendUntilInBackground(file);
    const noise = crypto.getRandomValues(new Uint8Array(65536));
    const raw = new Uint8Array(CUT_BYTES);
    for (let at = 0; at < raw.length; at += noise.length) raw.set(crypto.getRandomValues(noise), at);
    told(() => { for (let i = 0; i < 40; i++) file.append(1, raw); });
    told(() => file.append(1, raw));
    told(() => file.finish());
    file.close();`,
    "ulimit -f 8000",
  );
  expect(stderr.toString()).toBe("");
  const [first = "", ...others] = stdout.toString().trimEnd().split("\n");
  expect(first).toMatch(
    /^TraceError Cannot write to the trace: EFBIG: .*\/events: byte \d+\): make room on its file system or record to another one$/,
  );
  expect(others).toEqual([first, first]);
  const { bytes, state } = firstBytes(path);
  expect(bytes.length).toBeGreaterThan(2);
  expect(state).toBe("end");
});

test("a process that is killed leaves a beginning, in order", () => {
  using folder = temporaryFolder();
  const { signalCode } = runScript(
    folder.path("events"),
    `let count = appendUntilInBackground(file);
    for (let i = 0; i < 20; i++) file.append(1, new Uint8Array(CUT_BYTES).fill(count++));
    process.kill(process.pid, "SIGKILL");`,
  );
  expect(signalCode).toBe("SIGKILL");
  const { bytes } = firstBytes(folder.path("events"));
  expect(bytes.length).toBeGreaterThan(2);
  expect(bytes).toEqual(numbersTo(bytes.length));
});

test("a process ends although nobody has closed the file", () => {
  using folder = temporaryFolder();
  const { exitCode } = runScript(folder.path("events"), "appendUntilInBackground(file);");
  expect(exitCode).toBe(0);
});
