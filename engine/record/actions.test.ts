import { expect, test } from "bun:test";
import { SA, SIG } from "../../ffi/mod.ts";
import { Actions } from "./actions.ts";

/** struct kernel_sigaction. */
function action(handler: number, flags = 0): Uint8Array {
  const view = new DataView(new ArrayBuffer(32));
  view.setBigUint64(0, BigInt(handler), true);
  view.setBigUint64(8, BigInt(flags), true);
  return new Uint8Array(view.buffer);
}

test("disposition() of default actions follows signal(7)", () => {
  const actions = new Actions();
  expect(actions.disposition(SIG.SIGTERM)).toBe("fatal");
  expect(actions.disposition(SIG.SIGCHLD)).toBe("ignored");
  expect(actions.disposition(SIG.SIGTSTP)).toBe("stop");
  expect(actions.disposition(40)).toBe("fatal");
});

test("set() takes handlers and SIG_IGN; afterExec() keeps only the latter", () => {
  const actions = new Actions();
  actions.set(SIG.SIGUSR1, action(0x401000));
  actions.set(SIG.SIGTERM, action(1));
  expect([actions.disposition(SIG.SIGUSR1), actions.disposition(SIG.SIGTERM)]).toEqual([
    "handler",
    "ignored",
  ]);
  expect(actions.handler(SIG.SIGUSR1)).toBe(0x401000);
  actions.afterExec();
  expect([actions.disposition(SIG.SIGUSR1), actions.disposition(SIG.SIGTERM)]).toEqual(["fatal", "ignored"]);
});

test("delivered() ends a handler with SA_RESETHAND, and only that", () => {
  const actions = new Actions();
  actions.set(SIG.SIGUSR1, action(0x401000, SA.RESETHAND));
  actions.set(SIG.SIGUSR2, action(0x402000));
  actions.delivered(SIG.SIGUSR1);
  actions.delivered(SIG.SIGUSR2);
  expect([actions.disposition(SIG.SIGUSR1), actions.disposition(SIG.SIGUSR2)]).toEqual(["fatal", "handler"]);
});

test("forcedDisposition() of a fault that is ignored is death", () => {
  const actions = new Actions();
  actions.ignore(SIG.SIGSEGV);
  expect(actions.disposition(SIG.SIGSEGV)).toBe("ignored");
  expect(actions.forcedDisposition(SIG.SIGSEGV)).toBe("fatal");
});

test("clone() is independent", () => {
  const actions = new Actions();
  const copy = actions.clone();
  copy.set(SIG.SIGUSR1, action(0x401000));
  expect(actions.disposition(SIG.SIGUSR1)).toBe("fatal");
});
