import { afterEach, test } from "bun:test";
import { assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../errors/mod.ts";
import { historyPlace, placeName, storeProblem } from "./place.ts";

const { TICKPROOF_STORE, TICKPROOF_HISTORY } = process.env;
afterEach(() => {
  for (const [name, value] of Object.entries({ TICKPROOF_STORE, TICKPROOF_HISTORY })) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
});

test("storeProblem() says what is wrong with an address, and nothing of its password", () => {
  const wrong: [store: string, reason: string | undefined][] = [
    ["postgres://me:secret@host/team", undefined],
    ["postgresql://me@host:5433/team?sslmode=verify-full", undefined],
    ["mysql://me:secret@host/team", "its scheme is 'mysql' (for a file of SQLite there is 'history')"],
    ["postgres://me:secret@host", "it names no database"],
    ["postgres://me:secret@host:port/team", "it is no URL"],
    ["secret", "it is no URL"],
  ];
  const form = "must be postgres://USER@HOST:PORT/DATABASE: ";
  for (const [store, reason] of wrong) assertEquals(storeProblem(store), reason && form + reason);
  assertEquals(
    storeProblem("postgres://me:secret@host/team?sslmode=maybe"),
    "has sslmode 'maybe': it is disable, allow, prefer, require, verify-ca, verify-full",
  );
});

test("historyPlace() takes the store before the file, and refuses a wrong one", () => {
  process.env.TICKPROOF_HISTORY = "/h.sqlite";
  assertEquals(historyPlace(), { kind: "sqlite", path: "/h.sqlite" });
  process.env.TICKPROOF_STORE = "postgres://me:secret@host/team";
  assertEquals(historyPlace(), { kind: "postgres", url: "postgres://me:secret@host/team" });
  assertEquals(placeName(historyPlace()), "postgres://me@host/team");
  process.env.TICKPROOF_STORE = "team";
  assertThrows(historyPlace, UsageError, "TICKPROOF_STORE must be postgres://");
});
