/**
 * What becomes of a call that a program's filters, or its strict mode, are asked about before anybody else is
 * (__seccomp_filter and __secure_computing_strict of kernel/seccomp.c, Linux 6.18).
 */
import { ERRNO, SIG, SIGINFO, SYSCALLS } from "../../../ffi/mod.ts";
import { argumentsOf } from "../../arch/x86_64/call-abi.ts";
import type { CallSite } from "../../tracee/call-site.ts";
import { ARCH_X86_64 } from "../../tracee/syscall-filter.ts";
import { ACTION, filterData, type Verdict, verdictOf } from "./filter-chain.ts";
import { MODE, type SeccompState } from "./state.ts";

/** A call that is not to be done, and what its task gets instead. */
export type Judgement =
  /** A result. */
  | { readonly kind: "result"; readonly result: number }
  /** SIGSYS, which it may handle: the call leaves the registers as they were. */
  | { readonly kind: "signal"; readonly siginfo: Uint8Array }
  /** What a supervisor says, who is to be told of it. */
  | { readonly kind: "notify" }
  /** What its tracer says, who is told of it; ENOSYS if it has none that wants to be. */
  | { readonly kind: "trace"; readonly reason: number }
  /** Its process ends by the signal that the siginfo says: SIGSYS as a rule. */
  | { readonly kind: "killProcess"; readonly siginfo: Uint8Array }
  /** It ends alone, by SIGSYS, or SIGKILL in strict mode. */
  | { readonly kind: "killThread"; readonly signal: number };

/** Nobody is there who could be asked. */
const NOBODY: Judgement = { kind: "result", result: -ERRNO.ENOSYS };
/** Largest error that a filter can give (linux/err.h). */
const MAX_ERRNO = 4095;
/** SYS_SECCOMP, the si_code (asm-generic/siginfo.h). */
const SYS_SECCOMP = 1;
/** All that strict mode lets pass (mode1_syscalls). */
export const STRICT_CALLS: ReadonlySet<number> = new Set([
  SYSCALLS.read,
  SYSCALLS.write,
  SYSCALLS.exit,
  SYSCALLS.rt_sigreturn,
]);

/**
 * What a call comes to before it is done; undefined if it may be.
 *
 * @param isLast Nobody else of the process lives: what ends a thread ends the process then.
 */
export function judge(state: SeccompState, site: CallSite, isLast: boolean): Judgement | undefined {
  if (state.mode === MODE.strict) {
    return STRICT_CALLS.has(site.number) ? undefined : { kind: "killThread", signal: SIG.SIGKILL };
  }
  if (state.filters === undefined) return undefined;
  const { number, next, registers } = site;
  return judgementOf(
    verdictOf(state.filters, filterData(number, next, argumentsOf(registers))),
    site,
    isLast,
  );
}

function judgementOf({ action, data, of }: Verdict, site: CallSite, isLast: boolean): Judgement | undefined {
  switch (action) {
    case ACTION.allow:
    case ACTION.log:
      return undefined;
    case ACTION.errno:
      return { kind: "result", result: -Math.min(data, MAX_ERRNO) };
    case ACTION.trap:
      return { kind: "signal", siginfo: sigsys(site, data) };
    case ACTION.notify:
      return of.listener ? { kind: "notify" } : NOBODY;
    case ACTION.trace:
      return { kind: "trace", reason: data };
    case ACTION.killThread:
      if (!isLast) return { kind: "killThread", signal: SIG.SIGSYS };
      return { kind: "killProcess", siginfo: sigsys(site, data) };
    // An action that the kernel does not know, too.
    default:
      return { kind: "killProcess", siginfo: sigsys(site, data) };
  }
}

/** siginfo_t of a call that was kept from the kernel (force_sig_seccomp in kernel/signal.c). @param code The si_code. */
export function sigsys({ number, next }: CallSite, reason: number, code = SYS_SECCOMP): Uint8Array {
  const info = new DataView(new ArrayBuffer(SIGINFO.size));
  info.setInt32(SIGINFO.si_signo, SIG.SIGSYS, true);
  info.setInt32(SIGINFO.si_errno, reason, true);
  info.setInt32(SIGINFO.si_code, code, true);
  info.setBigUint64(SIGINFO.si_call_addr, BigInt(next), true);
  info.setInt32(SIGINFO.si_syscall, number, true);
  info.setUint32(SIGINFO.si_arch, ARCH_X86_64, true);
  return new Uint8Array(info.buffer);
}
