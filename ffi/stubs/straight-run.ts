/**
 * The pieces that a straight run is put together from: see `../perf/straight-run.ts`. Between two pieces there
 * is nothing, and none but those that are asked to has a conditional branch, so that a counter of branches sees
 * what was asked for. Only registers that a C function may overwrite are used (System V ABI, "Registers").
 */

/** Listings by what they do; for the notation see `listing.ts`. */
export const STRAIGHT_RUN_LISTINGS = {
  /** The way in, through one function for all runs: void enter(code). */
  enter: `
enter:
  ff e7                             jmp rdi
`,
  /** Blocks all signals: a handler of the runtime would be counted too. */
  begin: `
  bf 02 00 00 00                    mov edi, 2                    ; SIG_SETMASK
  48 be {all}                       mov rsi, {all}
  48 ba {saved}                     mov rdx, {saved}
  41 ba 08 00 00 00                 mov r10d, 8
  b8 0e 00 00 00                    mov eax, 0xe                  ; rt_sigprocmask
  0f 05                             syscall
`,
  end: `
  bf 02 00 00 00                    mov edi, 2                    ; SIG_SETMASK
  48 be {saved}                     mov rsi, {saved}
  31 d2                             xor edx, edx
  41 ba 08 00 00 00                 mov r10d, 8
  b8 0e 00 00 00                    mov eax, 0xe                  ; rt_sigprocmask
  0f 05                             syscall
  c3                                ret
`,
  syscall: `
  48 bf {a}                         mov rdi, {a}
  48 be {b}                         mov rsi, {b}
  48 ba {c}                         mov rdx, {c}
  48 b8 {number}                    mov rax, {number}
  0f 05                             syscall
  48 bf {result}                    mov rdi, {result}
  48 89 07                          mov [rdi], rax
`,
  branches: `
  48 b9 {count}                     mov rcx, {count}
again:
  48 ff c9                          dec rcx
  75 fb                             jne again                     ; retires count times: taken, but for the last
`,
  lockedAddsBegin: `
  6a 00                             push 0
`,
  lockedAdd: `
  f0 48 83 04 24 01                 lock add qword [rsp], 1
`,
  lockedAddsEnd: `
  58                                pop rax
`,
  /** The result is the abort status: bit 0 tells that XABORT was reached (Intel SDM volume 1, 16.3.5). */
  abortedTransaction: `
  31 c0                             xor eax, eax
  c7 f8 12 00 00 00                 xbegin aborted
  48 b9 {count}                     mov rcx, {count}
again:
  48 ff c9                          dec rcx
  75 fb                             jne again
  c6 f8 01                          xabort 1
aborted:
  48 bf {result}                    mov rdi, {result}
  48 89 07                          mov [rdi], rax
`,
} as const;
