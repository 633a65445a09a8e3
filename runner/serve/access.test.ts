import { test } from "bun:test";
import { assert, assertEquals } from "@std/assert";
import { type Access, judge, MOST_URL } from "./access.ts";
import { placeOf } from "./place.ts";

const TOKEN = "a-token-of-a-team";
const OPEN: Access = { token: undefined, user: undefined, names: new Set(["tests.example.org"]) };
const URL_HERE = "http://127.0.0.1:4280/";

function statusOf(
  headers: Record<string, string>,
  { access = OPEN, method = "GET", url = URL_HERE, peer = "127.0.0.1" } = {},
): number | string {
  const verdict = judge(
    { method, url, headers: new Headers({ host: "localhost:4280", ...headers }) },
    peer,
    access,
  );
  return "status" in verdict ? verdict.status : (verdict.user ?? "in");
}

test("judge() lets only GET and HEAD in, without a body", () => {
  for (const method of ["GET", "HEAD"]) assertEquals(statusOf({}, { method }), "in");
  for (const method of ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "get"])
    assertEquals(statusOf({}, { method }), 405, method);
  assertEquals(statusOf({ "content-length": "0" }), "in");
  assertEquals(statusOf({ "content-length": "1" }), 413);
  assertEquals(statusOf({ "transfer-encoding": "chunked" }), 413);
});

test("judge() is called by addresses, localhost and its names: a name that another site made up is none", () => {
  for (const host of [
    "localhost",
    "LOCALHOST:1",
    "127.0.0.1:4280",
    "[::1]:4280",
    "10.1.2.3",
    "tests.example.org:443",
    "Tests.Example.Org",
  ])
    assertEquals(statusOf({ host }), "in", host);
  for (const host of [
    "",
    "evil.example",
    "127.0.0.1.evil.example",
    "localhost.evil.example",
    "evil@localhost",
    "localhost/..",
    "tests.example.org.evil",
    "a b",
  ])
    assertEquals(statusOf({ host }), 421, host);
});

test("judge() bounds addresses, and lets other sites link to the page alone", () => {
  const long = (length: number) => URL_HERE.padEnd(length, "x");
  assertEquals(
    [statusOf({}, { url: long(MOST_URL) }), statusOf({}, { url: long(MOST_URL + 1) })],
    ["in", 414],
  );
  assertEquals(statusOf({ "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" }), "in");
  for (const mode of ["no-cors", "cors", "websocket"])
    assertEquals(statusOf({ "sec-fetch-site": "cross-site", "sec-fetch-mode": mode }), 403);
  assertEquals(statusOf({ "sec-fetch-site": "same-origin", "sec-fetch-mode": "cors" }), "in");
});

test("judge() takes the token as a password or as a bearer token, and nothing else", () => {
  const access = { ...OPEN, token: TOKEN };
  const basic = (text: string) => `Basic ${Buffer.from(text).toString("base64")}`;
  for (const authorization of [
    basic(`:${TOKEN}`),
    basic(`anyone:${TOKEN}`),
    `Bearer ${TOKEN}`,
    `bearer  ${TOKEN}`,
  ])
    assertEquals(statusOf({ authorization }, { access }), "in", authorization);
  for (const authorization of [
    ...[
      "",
      TOKEN,
      `Bearer ${TOKEN}x`,
      `Bearer x${TOKEN}`,
      `Bearer ${TOKEN.slice(1)}`,
      "Bearer ",
      "Bearer",
      `Token ${TOKEN}`,
    ],
    ...[
      basic(`${TOKEN}:`),
      basic(`anyone:x:${TOKEN}`),
      basic(""),
      "Basic !!!",
      `Basic ${TOKEN}`,
      `Bearer ${TOKEN} ${TOKEN}`,
    ],
  ])
    assertEquals(statusOf({ authorization }, { access }), 401, authorization);
  assertEquals(statusOf({}, { access, url: `${URL_HERE}?token=${TOKEN}` }), 401, "no address has it");
  const verdict = judge(
    { method: "GET", url: URL_HERE, headers: new Headers({ host: "localhost" }) },
    "::1",
    access,
  );
  assert("status" in verdict && verdict.headers?.["WWW-Authenticate"]?.startsWith("Basic "));
  assert(!JSON.stringify(verdict).includes(TOKEN));
});

test("judge() believes a user's header only of loopback and of the proxies that are named", () => {
  const { access } = placeOf({
    ...{ host: undefined, port: undefined, name: undefined, "token-file": undefined },
    ...{ "user-header": "X-Forwarded-User", proxy: "10.0.0.7,10.1.0.0/16,fd00::/8" },
  });
  const user = { "x-forwarded-user": "ada" };
  for (const peer of [
    "127.0.0.1",
    "::1",
    "::ffff:127.0.0.1",
    "10.0.0.7",
    "::ffff:10.0.0.7",
    "10.1.255.1",
    "fd00::9",
  ])
    assertEquals(statusOf(user, { access, peer }), "ada", peer);
  for (const peer of ["10.0.0.8", "10.2.0.1", "::ffff:10.0.0.8", "fe80::1", "", "127.0.0.1.example"])
    assertEquals(statusOf(user, { access, peer }), 403, peer);
  assertEquals(statusOf({}, { access }), 401);
  assertEquals(statusOf({ "x-forwarded-user": "x".repeat(257) }, { access }), 401);
});
