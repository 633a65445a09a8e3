import { test } from "bun:test";
import { assert, assertEquals } from "@std/assert";
import { SyscallError } from "../../ffi/mod.ts";
import { describeError, isUserError } from "./errors.ts";

test("describeError() leaves the words of a SyscallError alone, and names the place that a file system refused", () => {
  const own = new SyscallError("perf_event_open(cycles)", 13, "perf_event_paranoid is 4: lower it");
  assert(isUserError(own));
  assertEquals(describeError(own), own.message);
  const file = Object.assign(new Error("EACCES: permission denied"), {
    code: "EACCES",
    syscall: "open",
    path: "/x",
  });
  assertEquals(
    describeError(file),
    "the system refused to open (/x): EACCES: permission denied; name a place that can be used",
  );
});
