import { test } from "bun:test";
import { assert, assertEquals } from "@std/assert";
import { EngineError, HostFault, Unsupported } from "../../engine/mod.ts";
import { SyscallError } from "../../ffi/mod.ts";
import { describeError, faultOf, isUserError, UsageError } from "./errors.ts";

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

test("faultOf() tells who can mend an error", () => {
  const refused = Object.assign(new Error("ENOSPC: no space left"), { code: "ENOSPC", syscall: "write" });
  const faults = [
    new UsageError("--jobs takes a number"),
    new EngineError("Cannot start x"),
    new Unsupported("the system call bpf can't be recorded"),
    new HostFault("Cannot map the code cache"),
    new SyscallError("ptrace", 1),
    refused,
    new Error("engine invariant broken: x"),
    "thrown by nobody",
  ].map(faultOf);
  const known = ["usage", "usage", "unsupported", "host", "host", "host", "internal", "internal"] as const;
  assertEquals(faults, [...known]);
});
