/** The server over HTTP, as any client sees it. */
import { afterAll, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { addRun, attempt, runOn } from "../history/_fixtures.ts";
import { History } from "../history/mod.ts";
import { HOSTILE } from "../report-page/_fixtures.ts";
import type { Board, LiveAttempt, MatrixPart, RunPart } from "./page-types.ts";
import { type PlaceOptions, placeOf } from "./place.ts";
import { type Serving, startServer } from "./server.ts";

const folder = mkdtempSync(join(tmpdir(), "tickproof-serve-"));
const before = process.env.TICKPROOF_TRACES;
process.env.TICKPROOF_TRACES = join(folder, "traces");
afterAll(() => {
  if (before === undefined) delete process.env.TICKPROOF_TRACES;
  else process.env.TICKPROOF_TRACES = before;
  rmSync(folder, { recursive: true });
});

const NONE: PlaceOptions = {
  ...{ host: undefined, port: "0", proxy: undefined, name: undefined },
  ...{ "token-file": undefined, "user-header": undefined },
};

/** A server over a history of its own, and the words that it has said. */
class Served implements AsyncDisposable {
  readonly said: string[] = [];
  readonly path: string;
  readonly history: History;
  readonly serving: Serving;

  private constructor(path: string, history: History, serving: Serving, said: string[]) {
    this.path = path;
    this.history = history;
    this.serving = serving;
    this.said = said;
  }

  static #count = 0;

  static async start(options: Partial<PlaceOptions> = {}): Promise<Served> {
    const said: string[] = [];
    const path = join(folder, `${++Served.#count}.sqlite`);
    const history = await History.open({ kind: "sqlite", path });
    const serving = await startServer({
      history,
      store: "a store",
      place: placeOf({ ...NONE, ...options }),
      app: { script: "/* script */", style: "/* style */" },
      warn: (words) => said.push(words),
    });
    return new Served(path, history, serving, said);
  }

  async get(path: string, init: RequestInit = {}): Promise<Response> {
    return await fetch(this.serving.url.slice(0, -1) + path, init);
  }

  async json<T>(path: string): Promise<T> {
    const response = await this.get(path);
    assertEquals(response.status, 200, path);
    return (await response.json()) as T;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.serving[Symbol.asyncDispose]();
    await this.history[Symbol.asyncDispose]();
  }
}

/** What the server answers to bytes that no client would send. */
function answerTo(url: string, text: string): Promise<string> {
  const { hostname: host, port } = new URL(url);
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let answer = "";
  const socket = connect(Number(port), host, () => socket.write(text));
  socket.on("data", (data) => {
    answer += data;
  });
  socket.on("close", () => resolve(answer));
  socket.on("error", reject);
  return promise;
}

/** Events of a stream, one by one. */
async function* events(response: Response): AsyncGenerator<{ event: string; data: unknown }> {
  let text = "";
  for await (const part of response.body ?? []) {
    text += Buffer.from(part).toString();
    for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
      const [, event, data] = /^event: (.*)\ndata: (.*)$/.exec(text.slice(0, end)) ?? [];
      text = text.slice(end + 2);
      if (event !== undefined && data !== undefined) yield { event, data: JSON.parse(data) };
    }
  }
}

test("each answer has a policy that allows nothing inline and nobody else's, and is kept by no cache", async () => {
  await using served = await Served.start();
  for (const path of [
    "/",
    "/tests",
    "/tests/core%2Falarm",
    "/runs/7",
    "/app.js",
    "/app.css",
    "/api/user",
    "/nothing",
    "/api/run?run=9",
  ]) {
    const { headers } = await served.get(path);
    const policy = headers.get("content-security-policy") ?? "";
    assertStringIncludes(policy, "default-src 'none'");
    assertStringIncludes(policy, "frame-ancestors 'none'");
    assert(!/unsafe|\*|https?:/.test(policy), policy);
    assertEquals(
      ["x-content-type-options", "cache-control", "referrer-policy", "cross-origin-resource-policy"].map(
        (name) => headers.get(name),
      ),
      ["nosniff", "no-store", "no-referrer", "same-origin"],
      path,
    );
    assertEquals([headers.get("access-control-allow-origin"), headers.get("set-cookie")], [null, null]);
  }
  const page = await (await served.get("/")).text();
  assertEquals(
    page,
    await (await served.get("/tests/%3Cscript%3E")).text(),
    "nothing of a request is in the page",
  );
  assert(!/<script(?! type="module" src="\/app\.js"><\/script>)|<style|style=|\son\w+=/.test(page), page);
});

test("only GET and HEAD are answered, by names of its own, and requests have bounds", async () => {
  await using served = await Served.start();
  for (const method of ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
    assertEquals((await served.get("/", { method })).status, 405, method);
  const head = await served.get("/", { method: "HEAD" });
  assertEquals([head.status, await head.text()], [200, ""]);
  assertEquals((await served.get("/", { headers: { host: "evil.example" } })).status, 421);
  const statuses = await Promise.all(
    [
      `/tests?q=${"x".repeat(3000)}`,
      `/api/matrix?q=${"x".repeat(201)}`,
      "/api/matrix?from=-1",
      "/api/matrix?from=99999999999",
      "/api/run?run=1&after=1e9",
      "/api/run?run=x",
      "/api/test",
      `/api/test?test=${"x".repeat(1001)}`,
      "/api/run?run=1",
      "/api/test?test=none",
    ].map(async (path) => (await served.get(path)).status),
  );
  assertEquals(statuses, [414, 400, 400, 400, 400, 400, 400, 400, 404, 404]);
  const huge = await answerTo(
    served.serving.url,
    `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${"x".repeat(100_000)}\r\n\r\n`,
  );
  assert(!huge.startsWith("HTTP/1.1 200"), huge.slice(0, 100));
  const body = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 100000000\r\n\r\n";
  assertMatch(await answerTo(served.serving.url, body), /^HTTP\/1\.1 413/);
  assertEquals(served.said, []);
});

test("no path leads to a file, and a trace is told of by a name of the index alone", async () => {
  await using served = await Served.start();
  const traces = process.env.TICKPROOF_TRACES ?? "";
  mkdirSync(join(traces, "sh-0"), { recursive: true });
  writeFileSync(join(traces, "sh-0/meta.json"), "{}");
  mkdirSync(join(folder, "outside"), { recursive: true });
  writeFileSync(join(folder, "outside/meta.json"), "{}");
  const wild = [
    "/etc/passwd",
    "/../../../etc/passwd",
    "/..%2f..%2fetc%2fpasswd",
    "/app.js/../../package.json",
    "/tests/a/b",
    "/.git/config",
    "//etc/passwd",
    "/app.js%00",
    "/api/__proto__",
    "/api/constructor",
  ];
  for (const path of wild) assertEquals((await served.get(path)).status, 404, path);
  const raw = await answerTo(
    served.serving.url,
    "GET /../../../../etc/passwd HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
  );
  assertMatch(raw, /^HTTP\/1\.1 404/);
  const timeline = async (trace: string) =>
    await served.get(`/api/timeline?trace=${encodeURIComponent(trace)}`);
  for (const name of [
    "../outside",
    join(folder, "outside"),
    join(traces, "sh-0"),
    "sh-0/",
    "./sh-0",
    "sh-0/../sh-0",
    "latest",
    "sh-0\0",
    "/",
  ])
    assertEquals((await timeline(name)).status, 404, name);
  const damaged = await timeline("sh-0");
  assertEquals(damaged.status, 200);
  assert("damage" in ((await damaged.json()) as object));
});

test("behind a token nothing is told without it, and it is in no answer and no word", async () => {
  const token = "the-token-of-this-team";
  const file = join(folder, "token");
  writeFileSync(file, `${token}\n`);
  await using served = await Served.start({ "token-file": file });
  const bearer = { Authorization: `Bearer ${token}` };
  for (const path of ["/", "/app.js", "/events", "/api/user", "/api/matrix", "/nothing"]) {
    const without = await served.get(path);
    assertEquals(without.status, 401, path);
    assertStringIncludes(without.headers.get("www-authenticate") ?? "", "Basic");
    const text = JSON.stringify([...without.headers]) + (await without.text());
    assert(!text.includes(token) && !text.includes("<script"), text);
    assertEquals(
      (await served.get(path, { headers: { Authorization: "Bearer the-token-of-that-team" } })).status,
      401,
    );
  }
  for (const path of ["/", "/app.js", "/api/user", "/api/matrix"]) {
    const within = await served.get(path, { headers: bearer });
    assertEquals(within.status, 200, path);
    assert(!(JSON.stringify([...within.headers]) + (await within.text())).includes(token));
  }
  const basic = { Authorization: `Basic ${Buffer.from(`me:${token}`).toString("base64")}` };
  assertEquals((await served.get("/", { headers: basic })).status, 200);
  assertEquals(served.said, []);
});

test("behind a proxy the user is who its header says", async () => {
  await using served = await Served.start({ "user-header": "X-Forwarded-User" });
  assertEquals((await served.get("/api/user")).status, 401);
  const response = await served.get("/api/user", { headers: { "X-Forwarded-User": "ada" } });
  assertEquals(await response.json(), { user: "ada" });
});

test("what is asked is answered from the history", async () => {
  await using served = await Served.start();
  const { history } = served;
  const today = new Date().toISOString();
  const path = join(process.env.TICKPROOF_TRACES ?? "", "one");
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, "meta.json"), "{}");
  const run = { host: hostname(), startedAt: today, kernel: "6.9" };
  await addRun(history, runOn(1, { ...run, startedAt: "2026-01-01T00:00:00.000Z", kernel: "6.1" }), [
    { test: "a/one" },
  ]);
  const id = await addRun(history, runOn(1, run), [
    { test: "a/one", verdict: "fail", reason: HOSTILE, detail: { trace: path } },
    { test: "a/two" },
    { test: "b/three", describedHost: "haswell", verdict: "skip" },
  ]);
  await addRun(history, runOn(1, { ...run, host: "other" }), [{ test: "a/one", detail: { trace: path } }]);

  const matrix = await served.json<MatrixPart>("/api/matrix?q=A%20one");
  assertEquals([matrix.count, matrix.rows.map(({ test }) => test)], [1, ["a/one"]]);
  assertEquals(
    matrix.columns.map(({ name, described, kernel }) => [name, described, kernel]).toSorted(),
    [
      [hostname(), false, "6.9"],
      ["haswell", true, "6.9"],
      ["other", false, "6.9"],
    ].toSorted(),
  );
  const [row] = matrix.rows;
  const mine = row?.cells.find(({ column }) => matrix.columns[column]?.name === hostname());
  assertEquals(
    [mine?.failing, mine?.failed, mine?.attempts, mine?.days.replaceAll(".", "")],
    [true, 1, 1, "f"],
  );

  const part = await served.json<RunPart>(`/api/run?run=${id}&bad=1`);
  assertEquals([part.run.state, part.run.attempts, part.run.passed, part.run.others], ["finished", 3, 1, 1]);
  assertEquals(
    part.attempts.map(({ test, verdict, reason, trace }) => [test, verdict, reason, trace]),
    [["a/one", "fail", HOSTILE, "one"]],
  );
  assertEquals((await served.json<RunPart>(`/api/run?run=${id}&after=1&q=THREE`)).attempts.length, 1);

  const answer = await served.json<{
    page: { details: { traceName?: string; command?: string }[] };
    kernels: { kernel: string; failed: number }[];
  }>("/api/test?test=a%2Fone");
  assertEquals(
    answer.kernels.map(({ kernel, failed }) => [kernel, failed]),
    [
      ["6.1", 0],
      ["6.9", 1],
    ],
  );
  assertEquals(
    answer.page.details.map(({ traceName }) => traceName).toSorted(),
    ["one", undefined],
    "a path of another machine is none here",
  );
});

test("pages are told of what happens, without asking, and of nothing when nobody listens", async () => {
  await using served = await Served.start();
  await using writer = await History.open({ kind: "sqlite", path: served.path });
  const abort = new AbortController();
  const response = await served.get("/events", { signal: abort.signal });
  assertEquals(response.headers.get("content-type"), "text/event-stream");
  const heard = events(response);
  const next = async <T>(event: string, fits: (data: T) => boolean): Promise<T> => {
    for (;;) {
      const { done, value } = await heard.next();
      if (done) throw new Error(`the stream has ended without ${event}`);
      if (value.event === event && fits(value.data as T)) return value.data as T;
    }
  };
  const empty = await next<Board>("board", () => true);
  assertEquals([empty.open, empty.failing, empty.tests], [[], [], 0]);
  const id = await writer.addRun(runOn(1));
  await writer.beat(id, 3);
  const begun = await next<Board>("board", ({ open }) => open.length === 1);
  assertEquals(
    [begun.open[0]?.state, begun.open[0]?.planned, begun.newest[0]?.state],
    ["running", 3, "running"],
  );
  await writer.addAttempt(
    id,
    attempt({ test: "a/bad", verdict: "fail", reason: "why\n\nevent: board\ndata: {}" }),
  );
  const [told] = await next<LiveAttempt[]>("attempts", () => true);
  assertEquals([told?.run, told?.seq, told?.test, told?.verdict], [id, 1, "a/bad", "fail"]);
  await writer.finishRun(id);
  const done = await next<Board>("board", ({ open }) => open.length === 0);
  assertEquals([done.newest[0]?.state, done.failing.map(({ test }) => test)], ["finished", ["a/bad"]]);
  assertEquals(served.serving.pages(), 1);
  abort.abort();
  while (served.serving.pages() > 0) await Bun.sleep(10);
  assertEquals(served.said, []);
});
