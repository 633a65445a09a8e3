/**
 * One system call as a C function, because libc's wrapper reports errors in errno, which the runtime may
 * clobber before JS can read it. Calling convention: syscall(2), "Architecture calling conventions".
 */

/** Listing of `syscall_stub`; for the notation see `../listing.ts`. */
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
  c3                                ret                           ; the result, or -errno
`;
