/**
 * The part of the stub (`call-stub.ts`) that answers `cpuid` and `rdtsc` without a trap: the first from a table of answers
 * that the tracer has given before, the second by the processor. Both append a record to the ring, or take the next one in
 * a replay. What has no answer goes to the trap at its site, as it would without a stub.
 *
 * Obligations: a site comes with the program's rbx and rdx in the context, rbx = the address of its trap, rdx = the app pc
 * behind the instruction. Of the program nothing may change but what the instruction writes. All else is as in the stub for
 * system calls, whose sum of ticks it takes.
 */

/** Continues the listing of `call-stub.ts`. */
export const INSTRUCTION_LISTING = `
ask_direct:  ; nothing is answered here: to the trap, with everything as the program left it
  48 89 1d 6f fa f2 ff              mov [target], rbx
  48 8b 1d 90 fa f2 ff              mov rbx, [askRbx]
  48 8b 15 91 fa f2 ff              mov rdx, [askRdx]
  ff 25 5b fa f2 ff                 jmp qword [target]
cpuid_record:  ; in a recording: by an answer that is known
  48 89 25 4c fa f2 ff              mov [savedRsp], rsp
  48 8d 25 95 19 f3 ff              lea rsp, [stackTop]
  9c                                pushf
  53                                push rbx
  52                                push rdx
  55                                push rbp
  50                                push rax
  51                                push rcx
  56                                push rsi
  57                                push rdi
  48 8d 1d d6 03 f3 ff              lea rbx, [answers]
  8b 15 78 00 f3 ff                 mov edx, [answerCount]
seek:
  83 ea 01                          sub edx, 1
  0f 82 ae 00 00 00                 jb untold
  39 03                             cmp [rbx], eax
  75 05                             jne other
  39 4b 04                          cmp [rbx+4], ecx
  74 06                             je known
other:
  48 83 c3 18                       add rbx, 0x18
  eb e8                             jmp seek
known:
  48 8b 2d 21 fa f2 ff              mov rbp, [cursor]
  48 8d 4d 48                       lea rcx, [rbp+0x48]
  48 3b 0d 1e fa f2 ff              cmp rcx, [limit]
  0f 87 87 00 00 00                 ja untold
  c7 45 00 48 00 00 00              mov dword [rbp], 0x48
  c7 45 04 ff ff 05 00              mov dword [rbp+4], 0x5ffff
  48 8b 4c 24 18                    mov rcx, [rsp+0x18]
  48 89 4d 20                       mov [rbp+0x20], rcx
  48 8b 4c 24 10                    mov rcx, [rsp+0x10]
  48 89 4d 28                       mov [rbp+0x28], rcx
  8b 4b 08                          mov ecx, [rbx+8]
  48 89 4d 18                       mov [rbp+0x18], rcx
  8b 4b 0c                          mov ecx, [rbx+0xc]
  48 89 4d 30                       mov [rbp+0x30], rcx
  8b 4b 10                          mov ecx, [rbx+0x10]
  48 89 4d 38                       mov [rbp+0x38], rcx
  8b 4b 14                          mov ecx, [rbx+0x14]
  48 89 4d 40                       mov [rbp+0x40], rcx
  e8 5a 00 00 00                    call place
  48 8d 4d 48                       lea rcx, [rbp+0x48]
  48 89 0d c4 f9 f2 ff              mov [cursor], rcx
cpuid_told:
  48 8b 45 18                       mov rax, [rbp+0x18]
  48 8b 5d 30                       mov rbx, [rbp+0x30]
  48 8b 4d 38                       mov rcx, [rbp+0x38]
  48 8b 55 40                       mov rdx, [rbp+0x40]
told:  ; behind the site: int3, two bytes, int3
  48 8b 7c 24 30                    mov rdi, [rsp+0x30]
  48 83 c7 04                       add rdi, 4
  48 89 3d 9c f9 f2 ff              mov [target], rdi
  5f                                pop rdi
  5e                                pop rsi
  48 8d 64 24 10                    lea rsp, [rsp+0x10]
  5d                                pop rbp
  48 8d 64 24 10                    lea rsp, [rsp+0x10]
  9d                                popf
  48 8b 25 7f f9 f2 ff              mov rsp, [savedRsp]
  ff 25 81 f9 f2 ff                 jmp qword [target]
untold:  ; everything as it was, and to the trap
  5f                                pop rdi
  5e                                pop rsi
  59                                pop rcx
  58                                pop rax
  5d                                pop rbp
  5a                                pop rdx
  5b                                pop rbx
  9d                                popf
  48 8b 25 6a f9 f2 ff              mov rsp, [savedRsp]
  e9 f7 fe ff ff                    jmp ask_direct
place:  ; the record at rbp gets its ticks and its pc
  e8 af fa ff ff                    call count
  48 89 4d 08                       mov [rbp+8], rcx
  48 8b 4c 24 30                    mov rcx, [rsp+0x30]
  48 89 4d 10                       mov [rbp+0x10], rcx
  ff 05 6d f9 f2 ff                 inc dword [count]
  c3                                ret
tsc_record:  ; the processor says it
  48 89 25 45 f9 f2 ff              mov [savedRsp], rsp
  48 8d 25 8e 18 f3 ff              lea rsp, [stackTop]
  9c                                pushf
  53                                push rbx
  52                                push rdx
  55                                push rbp
  50                                push rax
  51                                push rcx
  56                                push rsi
  57                                push rdi
  48 8b 2d 3f f9 f2 ff              mov rbp, [cursor]
  48 8d 4d 28                       lea rcx, [rbp+0x28]
  48 3b 0d 3c f9 f2 ff              cmp rcx, [limit]
  77 a9                             ja untold
  c7 45 00 28 00 00 00              mov dword [rbp], 0x28
  c7 45 04 fe ff 01 00              mov dword [rbp+4], 0x1fffe
  e8 aa ff ff ff                    call place
  0f 31                             rdtsc
  48 89 45 18                       mov [rbp+0x18], rax
  48 89 55 20                       mov [rbp+0x20], rdx
  48 8d 4d 28                       lea rcx, [rbp+0x28]
  48 89 0d 0a f9 f2 ff              mov [cursor], rcx
tsc_told:
  48 8b 45 18                       mov rax, [rbp+0x18]
  48 8b 55 20                       mov rdx, [rbp+0x20]
  48 8b 1d 1b f9 f2 ff              mov rbx, [askRbx]
  48 8b 4c 24 10                    mov rcx, [rsp+0x10]
  e9 3d ff ff ff                    jmp told
cpuid_replay:
  48 89 25 da f8 f2 ff              mov [savedRsp], rsp
  48 8d 25 23 18 f3 ff              lea rsp, [stackTop]
  9c                                pushf
  53                                push rbx
  52                                push rdx
  55                                push rbp
  50                                push rax
  51                                push rcx
  56                                push rsi
  57                                push rdi
  bb ff ff 00 00                    mov ebx, 0xffff
  e8 5d 00 00 00                    call awaited
  0f 85 42 ff ff ff                 jne untold
  48 3b 45 20                       cmp rax, [rbp+0x20]
  0f 85 38 ff ff ff                 jne untold
  48 8b 4c 24 10                    mov rcx, [rsp+0x10]
  48 3b 4d 28                       cmp rcx, [rbp+0x28]
  0f 85 29 ff ff ff                 jne untold
  83 05 ab f8 f2 ff 48              add dword [cursor], 0x48
  e9 e2 fe ff ff                    jmp cpuid_told
tsc_replay:
  48 89 25 8f f8 f2 ff              mov [savedRsp], rsp
  48 8d 25 d8 17 f3 ff              lea rsp, [stackTop]
  9c                                pushf
  53                                push rbx
  52                                push rdx
  55                                push rbp
  50                                push rax
  51                                push rcx
  56                                push rsi
  57                                push rdi
  bb fe ff 00 00                    mov ebx, 0xfffe
  e8 12 00 00 00                    call awaited
  0f 85 f7 fe ff ff                 jne untold
  83 05 79 f8 f2 ff 28              add dword [cursor], 0x28
  e9 6a ff ff ff                    jmp tsc_told
awaited:  ; equal if the next record is of instruction ebx, at this place and tick
  48 8b 2d 6d f8 f2 ff              mov rbp, [cursor]
  48 3b 2d 6e f8 f2 ff              cmp rbp, [limit]
  72 04                             jb there
  48 85 e4                          test rsp, rsp
  c3                                ret
there:
  66 39 5d 04                       cmp [rbp+4], bx
  75 14                             jne not_awaited
  e8 94 f9 ff ff                    call count
  48 3b 4d 08                       cmp rcx, [rbp+8]
  75 09                             jne not_awaited
  48 8b 4c 24 30                    mov rcx, [rsp+0x30]
  48 3b 4d 10                       cmp rcx, [rbp+0x10]
not_awaited:
  c3                                ret
`;
