/**
 * The part of the stub (`call-stub.ts`) that makes a call which the tracer has looked at, at its entry, so that its end needs no
 * stop: what has come of it the tracer finds in the context when the task stops next (`record/ahead-calls.ts`). The
 * kernel may have been given other arguments than the program did; the first three are put back.
 *
 * A call that fails is made once more at its own site, where it stops: none of these changes anything that a second try sees.
 */

/** Continues the listing of `call-stub.ts`. */
export const AHEAD_LISTING = `
ahead:  ; rax = the number; everything else as the kernel is to have it
  0f 05                             syscall
  48 89 25 92 fc f2 ff              mov [savedRsp], rsp
  48 8d 25 db 1b f3 ff              lea rsp, [stackTop]
  41 53                             push r11
  48 8b 3d 12 0e f3 ff              mov rdi, [aheadArguments]
  48 8b 35 13 0e f3 ff              mov rsi, [aheadSecond]
  48 8b 15 14 0e f3 ff              mov rdx, [aheadThird]
  48 85 c0                          test rax, rax
  78 1f                             js failed
  48 89 05 10 0e f3 ff              mov [aheadResult], rax
  c7 05 0e 0e f3 ff 01 00 00 00     mov dword [aheadDone], 1
  9d                                popf
  48 8b 25 56 fc f2 ff              mov rsp, [savedRsp]
  ff 25 58 fc f2 ff                 jmp qword [target]
failed:
  48 8b 05 01 0e f3 ff              mov rax, [aheadNumber]
  9d                                popf
  48 8b 25 41 fc f2 ff              mov rsp, [savedRsp]
  ff 25 fb 0d f3 ff                 jmp qword [aheadSite]
`;
