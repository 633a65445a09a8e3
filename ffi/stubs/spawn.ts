/**
 * The birth of a child in machine code, because between clone and execve the child shares our memory and
 * may run nothing of the runtime: no JS, no allocation, no libc.
 * The offsets from rbx are those of `BLOCK` in `../process/spawn-block.ts`. Sources: clone(2), execve(2), ptrace(2), futex(2),
 * prctl(2).
 */

/** Listing of `spawn_stub`; for the notation see `listing.ts`. */
export const SPAWN_LISTING = `
spawn_stub:  ; int spawn_stub(block *rdi): pid, or -errno of clone
  53                                push rbx
  41 54                             push r12
  48 89 fb                          mov rbx, rdi
  ; No signal may reach the child while it runs on our memory: a handler would run twice.
  bf 02 00 00 00                    mov edi, 2                    ; SIG_SETMASK
  48 8d 73 40                       lea rsi, [rbx+0x40]           ; block.allSignals
  48 8d 53 38                       lea rdx, [rbx+0x38]           ; block.oldMask
  41 ba 08 00 00 00                 mov r10d, 8
mask:
  b8 0e 00 00 00                    mov eax, 0xe                  ; rt_sigprocmask
  0f 05                             syscall
  83 f8 fc                          cmp eax, 0xfffffffc           ; -EINTR: see the notes on ptrace in control.ts
  74 f4                             je mask
  8b 7b 70                          mov edi, [rbx+0x70]           ; block.cloneFlags
  48 8b 73 18                       mov rsi, [rbx+0x18]           ; block.stackTop: the child must not write to our stack
  31 d2                             xor edx, edx
  45 31 d2                          xor r10d, r10d
  45 31 c0                          xor r8d, r8d
  b8 38 00 00 00                    mov eax, 0x38                 ; clone
  0f 05                             syscall
  48 85 c0                          test rax, rax
  74 22                             je child
  49 89 c4                          mov r12, rax                  ; a vforked child has executed its program here, or is dead
  bf 02 00 00 00                    mov edi, 2
  48 8d 73 38                       lea rsi, [rbx+0x38]
  31 d2                             xor edx, edx
  41 ba 08 00 00 00                 mov r10d, 8
  b8 0e 00 00 00                    mov eax, 0xe
  0f 05                             syscall
  4c 89 e0                          mov rax, r12
  41 5c                             pop r12
  5b                                pop rbx
  c3                                ret
child:
  83 7b 74 00                       cmp dword [rbx+0x74], 0       ; block.held
  0f 85 de 00 00 00                 jne held
  c7 43 30 01 00 00 00              mov dword [rbx+0x30], 1       ; block.step = traceme
  31 ff                             xor edi, edi                  ; PTRACE_TRACEME
  31 f6                             xor esi, esi
  31 d2                             xor edx, edx
  45 31 d2                          xor r10d, r10d
  b8 65 00 00 00                    mov eax, 0x65                 ; ptrace
  0f 05                             syscall
  48 85 c0                          test rax, rax
  0f 88 ad 00 00 00                 js fail
  c7 43 30 02 00 00 00              mov dword [rbx+0x30], 2       ; block.step = personality
  bf ff ff ff ff                    mov edi, 0xffffffff           ; ask for the present one
  b8 87 00 00 00                    mov eax, 0x87                 ; personality
  0f 05                             syscall                       ; where a container refuses, layouts vary
  0d 00 00 04 00                    or eax, 0x40000               ; ADDR_NO_RANDOMIZE
  89 c7                             mov edi, eax
  b8 87 00 00 00                    mov eax, 0x87
  0f 05                             syscall
signals:
  c7 43 30 03 00 00 00              mov dword [rbx+0x30], 3       ; block.step = sigaction
  41 bc 01 00 00 00                 mov r12d, 1
next_signal:
  41 8d 4c 24 ff                    lea ecx, [r12-1]
  31 c0                             xor eax, eax                  ; SIG_DFL
  48 0f a3 4b 20                    bt [rbx+0x20], rcx            ; block.defaulted
  72 0c                             jb change
  b8 01 00 00 00                    mov eax, 1                    ; SIG_IGN
  48 0f a3 4b 28                    bt [rbx+0x28], rcx            ; block.ignored
  73 1f                             jae unchanged
change:
  48 89 43 50                       mov [rbx+0x50], rax           ; block.action.sa_handler; its other fields stay 0
  44 89 e7                          mov edi, r12d
  48 8d 73 50                       lea rsi, [rbx+0x50]
  31 d2                             xor edx, edx
  41 ba 08 00 00 00                 mov r10d, 8
  b8 0d 00 00 00                    mov eax, 0xd                  ; rt_sigaction
  0f 05                             syscall
  48 85 c0                          test rax, rax
  78 46                             js fail
unchanged:
  41 ff c4                          inc r12d
  41 83 fc 40                       cmp r12d, 0x40
  76 be                             jbe next_signal
  c7 43 30 04 00 00 00              mov dword [rbx+0x30], 4       ; block.step = sigprocmask
  bf 02 00 00 00                    mov edi, 2                    ; all but SIGTRAP stay blocked until the exec stop: a stop
  48 8d 73 48                       lea rsi, [rbx+0x48]           ; before it would leave the tracer in its vfork for ever
  31 d2                             xor edx, edx
  41 ba 08 00 00 00                 mov r10d, 8
  b8 0e 00 00 00                    mov eax, 0xe
  0f 05                             syscall
  48 85 c0                          test rax, rax
  78 19                             js fail
  c7 43 30 05 00 00 00              mov dword [rbx+0x30], 5       ; block.step = execve
  48 8b 3b                          mov rdi, [rbx]                ; block.path
  48 8b 73 08                       mov rsi, [rbx+8]              ; block.argv
  48 8b 53 10                       mov rdx, [rbx+0x10]           ; block.envp
  b8 3b 00 00 00                    mov eax, 0x3b                 ; execve
  0f 05                             syscall
fail:
  f7 d8                             neg eax
  89 43 34                          mov [rbx+0x34], eax           ; block.errno
  bf 7f 00 00 00                    mov edi, 0x7f
  b8 e7 00 00 00                    mov eax, 0xe7                 ; exit_group
  0f 05                             syscall
held:  ; until it is told to go; it dies with its parent, who else would leave it here
  bf 01 00 00 00                    mov edi, 1                    ; PR_SET_PDEATHSIG
  be 09 00 00 00                    mov esi, 9                    ; SIGKILL
  b8 9d 00 00 00                    mov eax, 0x9d                 ; prctl
  0f 05                             syscall
hold:
  8b 53 78                          mov edx, [rbx+0x78]           ; block.go
  85 d2                             test edx, edx
  0f 85 47 ff ff ff                 jne signals
  48 8d 7b 78                       lea rdi, [rbx+0x78]
  be 80 00 00 00                    mov esi, 0x80                 ; FUTEX_WAIT | FUTEX_PRIVATE_FLAG, as long as it is 0
  45 31 d2                          xor r10d, r10d
  b8 ca 00 00 00                    mov eax, 0xca                 ; futex
  0f 05                             syscall
  eb e0                             jmp hold
`;
