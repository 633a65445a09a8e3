import { test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../errors/mod.ts";
import { type PlaceOptions, placeOf } from "./place.ts";

const NONE: PlaceOptions = {
  ...{ host: undefined, port: undefined, proxy: undefined, name: undefined },
  ...{ "token-file": undefined, "user-header": undefined },
};

function refused(options: Partial<PlaceOptions>, words: string): void {
  const error = assertThrows(() => placeOf({ ...NONE, ...options }), UsageError);
  assert(error.message.includes(words), error.message);
  assert(!error.message.includes("\n"), error.message);
}

test("placeOf() listens on loopback, and on nothing else without a token or a proxy", () => {
  const { host, port, access } = placeOf(NONE);
  assertEquals([host, port, access.token, access.user], ["127.0.0.1", 4280, undefined, undefined]);
  for (const own of ["localhost", "::1", "127.0.0.1", "127.8.9.10"])
    assertEquals(placeOf({ ...NONE, host: own }).host, own);
  for (const other of [
    "0.0.0.0",
    "::",
    "10.0.0.1",
    "fe80::1",
    "box.example.org",
    "127.evil.example",
    "128.0.0.1",
  ]) {
    refused({ host: other }, `--host ${other} lets other machines in`);
    refused({ host: other, "user-header": "X-User" }, "--proxy ADDRESS");
    assertEquals(placeOf({ ...NONE, host: other, "user-header": "X-User", proxy: "10.0.0.7" }).host, other);
  }
});

test("placeOf() takes tokens that nobody guesses, and never says one", () => {
  const folder = mkdtempSync(join(tmpdir(), "tickproof-serve-"));
  try {
    const file = join(folder, "token");
    const tokenOf = (text: string) => {
      writeFileSync(file, text);
      return placeOf({ ...NONE, host: "0.0.0.0", "token-file": file }).access.token;
    };
    assertEquals(tokenOf("0123456789abcdef\n"), "0123456789abcdef");
    for (const bad of [
      "",
      "\n",
      "short",
      "0123456789abcdef 0123456789",
      "0123456789\nabcdefghijkl",
      "0123456789äbcdefgh",
      "x".repeat(1025),
    ]) {
      const { message } = assertThrows(() => tokenOf(bad), UsageError);
      assert(message.includes(file) && (bad.trim() === "" || !message.includes(bad.trim())), message);
    }
    refused({ "token-file": join(folder, "none") }, "can't be read: ");
    refused({ "token-file": file, "user-header": "X-User" }, "exclude each other");
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("placeOf() refuses ports, headers, proxies and names that are none", () => {
  refused({ host: "" }, "--host takes an address");
  assertEquals(placeOf({ ...NONE, port: "0" }).port, 0);
  for (const port of ["", "-1", "65536", "80a", "1e3"]) refused({ port }, `it is '${port}'`);
  for (const header of ["", "X User", "X:User"])
    refused({ "user-header": header }, "takes the name of a header");
  refused({ proxy: "10.0.0.1" }, "name the header");
  for (const proxy of ["", "box", "10.0.0.1/33", "10.0.0.1/0", "10.0.0.1/8/8", "10.0.0.1,", "::1/129"])
    refused({ "user-header": "X-User", proxy }, "--proxy takes addresses");
  for (const name of ["", "a b", "a,", "http://a"]) refused({ name }, "--name takes names");
  const names = placeOf({ ...NONE, name: "Tests.Example.org, other" }).access.names;
  assertEquals([...names], ["tests.example.org", "other", "127.0.0.1"]);
});
