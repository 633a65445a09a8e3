/**
 * The part of the stub (`call-stub.ts`) that registers a task's area of restartable sequences (rseq(2)), as each C library
 * does for each thread: only for a task that has none, and what the kernel would take without a word. All else is for
 * the recorder (`record/restartable.ts`), which also hears of this one.
 *
 * The kernel itself says processor and node, and finds out whether the area can be written to (EFAULT).
 */

/** Continues the listing of `call-stub.ts`. */
export const RSEQ_LISTING = `
rseq:  ; a registration that the kernel would take: of a task without one
  80 3d 80 0a f3 ff 00              cmp byte [unregistered], 0
  0f 84 5d f9 ff ff                 je traced
  48 85 ff                          test rdi, rdi
  0f 84 54 f9 ff ff                 je traced
  f7 c7 1f 00 00 00                 test edi, 0x1f
  0f 85 48 f9 ff ff                 jne traced
  83 fe 20                          cmp esi, 0x20
  0f 85 3f f9 ff ff                 jne traced
  85 d2                             test edx, edx
  0f 85 37 f9 ff ff                 jne traced
  48 8d 77 14                       lea rsi, [rdi+0x14]
  48 83 c7 04                       add rdi, 4
  b8 35 01 00 00                    mov eax, 0x135
  0f 05                             syscall
  48 85 c0                          test rax, rax
  0f 85 1f f9 ff ff                 jne traced
  48 8b 3c 24                       mov rdi, [rsp]
  8b 4f 04                          mov ecx, [rdi+4]
  89 0f                             mov [rdi], ecx
  48 89 47 08                       mov [rdi+8], rax
  89 47 18                          mov [rdi+0x18], eax
  88 05 26 0a f3 ff                 mov [unregistered], al
  e9 3e f8 ff ff                    jmp behind
`;
