/**
 * The part of the stub (`call-stub.ts`) that changes a task's signal mask, or says it (rt_sigprocmask): a shell makes ten such
 * calls for each program that it starts. A change that would let a signal in is left to a stop, since that comes right behind
 * the call; so are those of tasks with other threads, for which a signal may wait as well.
 *
 * Each step up to the change can be taken back. First all of what the program names is blocked, which lets nothing in and shows
 * whether it can be read; then the mask before is told, which shows whether that can be written; then it is known what waits; and
 * the mask is set by its new value. A signal that stops the task on the way sees to it that the mask is as before, and the task goes on
 * to the stop (`tracer.ts`): else the mask that the recorder holds signals by would be taken for the program's, or be lost. Behind the
 * change there is no way back: the signal may be one that was blocked before, which the kernel would not deliver with that mask
 * (ptrace_signal in kernel/signal.c, Linux 6.18). A call whose two masks overlap is left to a stop, as it can't be made twice.
 *
 * What waits is what rt_sigpending says: of the signals that have come, those that are blocked (do_sigpending in kernel/signal.c,
 * Linux 6.18). The kernel never has SIGTRAP blocked, whatever the program says (`record/trap-signal.ts`): its bit is kept in the context.
 */

/** Continues the listing of `call-stub.ts`. */
export const MASK_LISTING = `
masking:  ; rt_sigprocmask, whose number is in rax
  80 3d 0d 0a f3 ff 00              cmp byte [maskable], 0
  0f 84 e9 f8 ff ff                 je traced
  49 83 fa 08                       cmp r10, 8
  0f 85 df f8 ff ff                 jne traced
  48 85 f6                          test rsi, rsi
  75 21                             jne naming
  0f 05                             syscall
asked:  ; what it says is right, whatever comes now
  48 85 c0                          test rax, rax
  0f 85 09 f8 ff ff                 jne behind
  48 85 d2                          test rdx, rdx
  0f 84 00 f8 ff ff                 je behind
  8a 0d df 09 f3 ff                 mov cl, [trapBlocked]
  08 0a                             or [rdx], cl
  e9 f3 f7 ff ff                    jmp behind
naming:  ; up to here nothing has changed
  83 ff 02                          cmp edi, 2
  0f 87 b0 f8 ff ff                 ja traced
  48 89 d1                          mov rcx, rdx
  48 29 f1                          sub rcx, rsi
  48 83 c1 07                       add rcx, 7
  48 83 f9 0e                       cmp rcx, 0xe
  0f 86 9c f8 ff ff                 jbe traced
  31 ff                             xor edi, edi
  31 f6                             xor esi, esi
  48 8d 15 2c 09 f3 ff              lea rdx, [maskBefore]
  0f 05                             syscall
  48 8b 74 24 08                    mov rsi, [rsp+8]
  31 d2                             xor edx, edx
  b8 0e 00 00 00                    mov eax, 0xe
  0f 05                             syscall
named:  ; from here on a stop takes all back
  48 85 c0                          test rax, rax
  0f 85 78 f8 ff ff                 jne traced
  4c 8b 0e                          mov r9, [rsi]
  4c 8b 05 09 09 f3 ff              mov r8, [maskBefore]
  44 0a 05 86 09 f3 ff              or r8b, [trapBlocked]
  83 3c 24 01                       cmp dword [rsp], 1
  77 0d                             ja mask_known
  74 05                             je fewer
  4d 09 c1                          or r9, r8
  eb 06                             jmp mask_known
fewer:
  49 f7 d1                          not r9
  4d 21 c1                          and r9, r8
mask_known:  ; r9 = the mask as the program will see it
  4c 89 0d f8 08 f3 ff              mov [maskAsked], r9
  49 0f ba f1 04                    btr r9, 4
  4c 89 0d e4 08 f3 ff              mov [maskAfter], r9
  48 8b 54 24 10                    mov rdx, [rsp+0x10]
  48 85 d2                          test rdx, rdx
  74 13                             je waiting_for
  31 ff                             xor edi, edi
  31 f6                             xor esi, esi
  b8 0e 00 00 00                    mov eax, 0xe
  0f 05                             syscall
  48 85 c0                          test rax, rax
  75 4b                             jne unmask
  4c 89 02                          mov [rdx], r8
waiting_for:
  48 8d 3d d0 08 f3 ff              lea rdi, [waiting]
  be 08 00 00 00                    mov esi, 8
  b8 7f 00 00 00                    mov eax, 0x7f
  0f 05                             syscall
  49 f7 d1                          not r9
  4c 85 0d ba 08 f3 ff              test [waiting], r9
  75 29                             jne unmask
  bf 02 00 00 00                    mov edi, 2
  48 8d 35 9c 08 f3 ff              lea rsi, [maskAfter]
  31 d2                             xor edx, edx
  b8 0e 00 00 00                    mov eax, 0xe
  0f 05                             syscall
mask_changed:  ; from here on it has happened: a signal may have come that was blocked before
  8a 0d 95 08 f3 ff                 mov cl, [maskAsked]
  80 e1 10                          and cl, 0x10
  88 0d 00 09 f3 ff                 mov [trapBlocked], cl
  e9 16 f7 ff ff                    jmp behind
unmask:  ; as it was, and to a stop
  bf 02 00 00 00                    mov edi, 2
  48 8d 35 6b 08 f3 ff              lea rsi, [maskBefore]
  31 d2                             xor edx, edx
  b8 0e 00 00 00                    mov eax, 0xe
  0f 05                             syscall
  e9 c2 f7 ff ff                    jmp traced
`;
