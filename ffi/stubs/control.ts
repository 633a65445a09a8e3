/**
 * The hot path of the tracer, and the signal handler that can break into it. They share one listing since
 * the handler compares the interrupted instruction with places inside the wait.
 *
 * Invariant: when a signal of ours is pending before wait4 (or a write) begins to sleep, it is not executed. A signal
 * before `check` is seen by it; one from `check` to `wait_syscall` makes the handler move rip to `interrupted`; a later
 * one makes the kernel return to `wait_syscall`, as the handler has SA_RESTART, and the handler does the same.
 *
 * ptrace itself never says EINTR; but a call that a supervisor looks at first (seccomp(2), SECCOMP_RET_USER_NOTIF, as some
 * container runtimes do) is broken off by a signal before it was made, and has to be made again.
 *
 * The offsets from rbx are those of `BLOCK` in `../ptrace/tracee-control.ts`, those from r8 of
 * `../process/interrupt-state.ts`. Sources: ptrace(2), wait4(2), signal(7), and struct ucontext of
 * asm/ucontext.h with asm/sigcontext.h (rip at 0xa8, uc_sigmask at 0x128).
 */

/** Listing of `interruptible`, `resume_and_wait`, `wait_only`, `handler`, `restorer`; for the notation see `listing.ts`. */
export const CONTROL_LISTING = `
interruptible:  ; int interruptible(number, arg0, arg1, arg2): a system call that may be made again
  53                                push rbx
  41 54                             push r12
  41 89 fc                          mov r12d, edi
  48 89 f7                          mov rdi, rsi
  48 89 d6                          mov rsi, rdx
  48 89 ca                          mov rdx, rcx
  49 b8 {interrupts}                mov r8, {interrupts}
  eb 6e                             jmp arm
resume_and_wait:  ; int resume_and_wait(request, tid, signal, pid, options, block)
  53                                push rbx
  41 54                             push r12
  4c 89 cb                          mov rbx, r9
  49 89 c9                          mov r9, rcx                   ; pid and options survive system calls in r9 and r8
  49 89 d2                          mov r10, rdx                  ; ptrace's data: the signal to deliver
  31 d2                             xor edx, edx
resume:
  b8 65 00 00 00                    mov eax, 0x65                 ; ptrace
  0f 05                             syscall
  83 f8 fc                          cmp eax, 0xfffffffc
  74 f4                             je resume
  89 03                             mov [rbx], eax                ; block.resumeResult
  85 c0                             test eax, eax
  0f 88 a2 00 00 00                 js leave
  4c 89 cf                          mov rdi, r9
  44 89 c6                          mov esi, r8d
  eb 0c                             jmp wait_body
wait_only:  ; int wait_only(pid, options, block)
  53                                push rbx
  41 54                             push r12
  48 89 d3                          mov rbx, rdx
  c7 03 00 00 00 00                 mov dword [rbx], 0
wait_body:
  c7 43 04 00 00 00 00              mov dword [rbx+4], 0          ; block.status
  c7 43 08 01 00 00 00              mov dword [rbx+8], 1          ; block.regsResult = not read
  89 f2                             mov edx, esi
  81 ca 00 00 00 40                 or edx, 0x40000000            ; __WALL: clones that do not send SIGCHLD as well
  48 8d 73 04                       lea rsi, [rbx+4]
  45 31 d2                          xor r10d, r10d                ; no rusage
  41 bc 3d 00 00 00                 mov r12d, 0x3d                ; wait4
  49 b8 {interrupts}                mov r8, {interrupts}
  eb 07                             jmp arm
  ; From here to "disarm" interrupts.waiting may be 1; the handler knows the three parts by these labels.
interrupted:
  b8 fc ff ff ff                    mov eax, 0xfffffffc           ; -EINTR
  eb 13                             jmp disarm
arm:
  44 89 e0                          mov eax, r12d
  41 c7 40 10 01 00 00 00           mov dword [r8+0x10], 1        ; interrupts.waiting
check:
  49 83 38 00                       cmp qword [r8], 0             ; interrupts.pending
  75 e8                             jne interrupted
wait_syscall:
  0f 05                             syscall
disarm:
  41 c7 40 10 00 00 00 00           mov dword [r8+0x10], 0
  83 f8 fc                          cmp eax, 0xfffffffc
  75 06                             jne waited
  49 83 38 00                       cmp qword [r8], 0
  74 da                             je arm                        ; EINTR by a signal of the runtime (JSC stops threads so)
waited:
  41 83 fc 3d                       cmp r12d, 0x3d
  75 2c                             jne leave
  85 c0                             test eax, eax
  7e 28                             jle leave
  80 7b 04 7f                       cmp byte [rbx+4], 0x7f        ; WIFSTOPPED
  75 22                             jne leave
  41 89 c4                          mov r12d, eax
  bf 0c 00 00 00                    mov edi, 0xc                  ; PTRACE_GETREGS
  89 c6                             mov esi, eax                  ; of the task that stopped, whichever it is
  31 d2                             xor edx, edx
  4c 8b 53 10                       mov r10, [rbx+0x10]           ; block.regs
read:
  b8 65 00 00 00                    mov eax, 0x65
  0f 05                             syscall
  83 f8 fc                          cmp eax, 0xfffffffc
  74 f4                             je read
  89 43 08                          mov [rbx+8], eax              ; block.regsResult
  44 89 e0                          mov eax, r12d
leave:
  41 5c                             pop r12
  5b                                pop rbx
  c3                                ret
handler:  ; void handler(signal, siginfo, ucontext)
  49 b8 {interrupts}                mov r8, {interrupts}
  49 89 d2                          mov r10, rdx
  b8 ba 00 00 00                    mov eax, 0xba                 ; gettid
  0f 05                             syscall
  41 3b 40 14                       cmp eax, [r8+0x14]            ; interrupts.owner
  75 65                             jne forward
  8d 4f ff                          lea ecx, [rdi-1]
  f0 49 0f ab 08                    lock bts [r8], rcx            ; interrupts.pending, one bit a signal
  f0 49 ff 40 08                    lock inc qword [r8+8]         ; interrupts.count
  41 83 78 10 00                    cmp dword [r8+0x10], 0        ; interrupts.waiting
  74 45                             je handled
  49 8b 82 a8 00 00 00              mov rax, [r10+0xa8]           ; uc_mcontext.rip
  48 8d 0d 61 ff ff ff              lea rcx, [interrupted]
  48 39 c8                          cmp rax, rcx
  72 33                             jb nested
  48 8d 0d 6f ff ff ff              lea rcx, [disarm]
  48 39 c8                          cmp rax, rcx
  77 27                             ja nested
  48 8d 0d 5b ff ff ff              lea rcx, [check]
  48 39 c8                          cmp rax, rcx
  72 1a                             jb handled                    ; on its way out already, or before the check
  48 8d 0d 55 ff ff ff              lea rcx, [wait_syscall]
  48 39 c8                          cmp rax, rcx
  77 0e                             ja handled                    ; the call has returned
  48 8d 0d 31 ff ff ff              lea rcx, [interrupted]
  49 89 8a a8 00 00 00              mov [r10+0xa8], rcx           ; between check and call: never make the call
handled:
  c3                                ret
nested:  ; over another handler that itself interrupted the wait: when it
  8d 4f ff                          lea ecx, [rdi-1]              ; returns, wait4 could restart and sleep. Block this signal until
  49 0f ab 8a 28 01 00 00           bts [r10+0x128], rcx          ; then (uc_sigmask) and send it once more, as musl does.
forward:  ; to the one thread that waits
  89 fa                             mov edx, edi
  41 8b 78 18                       mov edi, [r8+0x18]            ; interrupts.process
  41 8b 70 14                       mov esi, [r8+0x14]
  b8 ea 00 00 00                    mov eax, 0xea                 ; tgkill
  0f 05                             syscall
  c3                                ret
restorer:
  b8 0f 00 00 00                    mov eax, 0xf                  ; rt_sigreturn
  0f 05                             syscall
`;
