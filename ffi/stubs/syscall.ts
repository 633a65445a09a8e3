/**
 * One system call as a C function, because libc's wrapper reports errors in errno, which the runtime may
 * clobber before JS can read it. Calling convention: syscall(2), "Architecture calling conventions".
 *
 * The stub returns by an indirect jump. Presumably the kernel's mitigations of speculative returns leave the
 * processor's return predictor with addresses that are not ours, so that a `ret` right behind a system call is
 * predicted wrong: a read of a software counter took 621 ns with it and 418 ns without (AMD EPYC with Safe RET, Linux
 * 6.18), as long as a C loop with the system call inline. Where the predictor is right, the jump costs its
 * caller's own return some nanoseconds. (A process with a shadow stack of CET would need the `ret`; Bun is not
 * built for one.)
 */

/** Listing of `syscall_stub`; for the notation see `listing.ts`. */
export const SYSCALL_LISTING = `
syscall_stub:  ; long syscall_stub(nr, a, b, c, d, e, f)
  48 89 f8                          mov rax, rdi                  ; the number
  48 89 f7                          mov rdi, rsi                  ; five arguments move down by one
  48 89 d6                          mov rsi, rdx
  48 89 ca                          mov rdx, rcx
  4d 89 c2                          mov r10, r8                   ; the kernel takes the fourth in r10: syscall destroys rcx
  4d 89 c8                          mov r8, r9
  4c 8b 4c 24 08                    mov r9, [rsp+8]               ; the sixth is the seventh of the C call
  0f 05                             syscall
  59                                pop rcx                       ; not ret: see above; syscall has destroyed rcx anyway
  ff e1                             jmp rcx                       ; the result, or -errno
`;
