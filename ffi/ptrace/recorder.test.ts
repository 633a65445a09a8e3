/** What a tracee inherits from a recorder, and that it does not outlive it: needs a recorder of its own. */

import { expect, test } from "bun:test";
import { fixture } from "../_testing.ts";
import { close, kill, NativeBuffer, rawSyscall, retry, SIG, SYSCALLS, signalBit, unwrap } from "../mod.ts";

interface Shown {
  readonly pid: number;
  readonly status: string;
}

/** Starts the fixture as a child of a shell command, and reads what it shows of its tracee. */
async function startRecorder(prefix: string) {
  const command = ["/bin/sh", "-c", `${prefix} exec "$0" "$1"`, ...fixture("recorder.ts")];
  const recorder = Bun.spawn(command, { stdout: "pipe", stderr: "inherit" });
  const { value } = await recorder.stdout.getReader().read();
  return { recorder, shown: JSON.parse(new TextDecoder().decode(value)) as Shown };
}

const signals = ({ status }: Shown, field: string) =>
  BigInt(`0x${status.match(new RegExp(`^${field}:\\s*(\\w+)$`, "m"))?.[1]}`);

test("spawnTraced() gives the program no blocked, handled or needlessly ignored signal", async () => {
  const { recorder, shown } = await startRecorder("");
  expect(signals(shown, "SigBlk")).toBe(0n);
  expect(signals(shown, "SigCgt")).toBe(0n);
  for (const signal of [SIG.SIGPIPE, SIG.SIGXFSZ, SIG.SIGINT, SIG.SIGHUP]) {
    expect(signals(shown, "SigIgn") & signalBit(signal)).toBe(0n);
  }
  recorder.kill(SIG.SIGKILL);
  await recorder.exited;
});

test("spawnTraced() leaves a signal ignored that the recorder's caller ignores, as under nohup", async () => {
  const { recorder, shown } = await startRecorder("trap '' HUP USR2;");
  const expected = signalBit(SIG.SIGHUP) | signalBit(SIG.SIGUSR2);
  expect(signals(shown, "SigIgn") & expected).toBe(expected);
  recorder.kill(SIG.SIGKILL);
  await recorder.exited;
});

test("the tracee dies with a tracer that is killed", async () => {
  const { recorder, shown } = await startRecorder("");
  const fd = unwrap("pidfd_open", rawSyscall(SYSCALLS.pidfd_open, shown.pid, 0));
  using pollfd = NativeBuffer.map(8); // struct pollfd: int fd, short events, short revents
  pollfd.i32[0] = fd;
  pollfd.i32[1] = 1; // POLLIN: the process has ended
  kill(recorder.pid, SIG.SIGKILL);
  expect(retry(SYSCALLS.poll, pollfd.address, 1, -1)).toBe(1);
  close(fd);
  await recorder.exited;
});
