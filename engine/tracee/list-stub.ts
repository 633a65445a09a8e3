/**
 * The part of the stub (`call-stub.ts`) that makes system calls of the tracer's, one after the other, without a stop between
 * them (`injected-calls.ts`). Each has 64 bytes: its number, six arguments, and room for its result.
 */

/** Continues the listing of `call-stub.ts`. */
export const LIST_LISTING = `
list:  ; calls of the tracer's: rbx = the first one, rbp = behind the last
  48 8b 03                          mov rax, [rbx]
  48 8b 7b 08                       mov rdi, [rbx+8]
  48 8b 73 10                       mov rsi, [rbx+0x10]
  48 8b 53 18                       mov rdx, [rbx+0x18]
  4c 8b 53 20                       mov r10, [rbx+0x20]
  4c 8b 43 28                       mov r8, [rbx+0x28]
  4c 8b 4b 30                       mov r9, [rbx+0x30]
  0f 05                             syscall
  48 89 43 38                       mov [rbx+0x38], rax
  48 83 c3 40                       add rbx, 0x40
  48 39 eb                          cmp rbx, rbp
  75 d6                             jne list
  cc                                int3
`;
