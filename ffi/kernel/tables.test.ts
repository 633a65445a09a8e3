import { expect, test } from "bun:test";
import { constants } from "node:os";
import { ERRNO, errnoInfo, SIG, SYSCALLS, signalBit, signalName, syscallName } from "../mod.ts";

test("ERRNO agrees with the runtime's own table", () => {
  const ours: Record<string, number> = ERRNO;
  for (const [code, number] of Object.entries(constants.errno)) {
    // Second names: ENOTSUP is EOPNOTSUPP, EWOULDBLOCK is EAGAIN; the table has one name a number.
    if (code !== "ENOTSUP" && code !== "EWOULDBLOCK") expect([code, ours[code]]).toEqual([code, number]);
  }
  expect(errnoInfo(2)).toEqual({ number: 2, code: "ENOENT", text: "No such file or directory" });
  expect(errnoInfo(512).code).toBe("errno_512");
});

test("SIG agrees with the runtime's own table", () => {
  const theirs: Record<string, number> = constants.signals;
  for (const [name, number] of Object.entries(SIG)) expect([name, theirs[name]]).toEqual([name, number]);
});

test("signalName() names standard and real-time signals", () => {
  expect(signalName(11)).toBe("SIGSEGV");
  expect(signalName(32)).toBe("SIGRTMIN");
  expect(signalName(64)).toBe("SIGRTMIN+32");
  expect(signalName(99)).toBe("signal_99");
  expect(signalBit(SIG.SIGHUP)).toBe(1n);
});

test("SYSCALLS has no number twice and no hole before the reserved range", () => {
  const numbers = new Set<number>(Object.values(SYSCALLS));
  expect(numbers.size).toBe(Object.keys(SYSCALLS).length);
  for (let nr = 0; nr <= 334; nr++) expect(numbers.has(nr)).toBe(true);
  for (let nr = 424; nr <= 462; nr++) expect(numbers.has(nr)).toBe(true);
  expect(syscallName(59)).toBe("execve");
  expect(syscallName(999)).toBe("syscall_999");
});
