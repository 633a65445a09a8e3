/**
 * The part of the stub (`call-stub.ts`) that does calls which could wait: reads and writes of pipes and sockets, `poll` and
 * `epoll_wait`, and the waking of futexes. Each is done so that it does not: with RWF_NOWAIT or MSG_DONTWAIT, or with a
 * timeout of 0. Where it would have waited it has done nothing yet, and the task stops at it as at any other call.
 *
 * A blocking write that comes to less than was asked for would be none that a program knows. So no more than PIPE_BUF bytes
 * are written at once by what may wait: into a pipe, or a socket of this machine, they go whole or not at all (pipe(7);
 * `unix_stream_sendmsg` of net/unix/af_unix.c, Linux 6.18, with room for them in one buffer).
 *
 * A write that nobody can read (EPIPE) is left to the stop too, for the signal that comes with it: that of the try is
 * dropped (`tracer.ts`).
 */

/** Continues the listing of `call-stub.ts`. */
export const FLOW_LISTING = `
flowing:  ; not by a quiet descriptor: by one whose calls can be kept from waiting?
  0f b6 4b 0c                       movzx ecx, byte [rbx+0xc]
  85 c9                             test ecx, ecx
  0f 84 64 fd ff ff                 je traced
  44 0f b6 5b 0d                    movzx r11d, byte [rbx+0xd]
  c1 e1 07                          shl ecx, 7
  48 8d 2d f0 01 f3 ff              lea rbp, [descriptors]
  48 01 cd                          add rbp, rcx
  89 f9                             mov ecx, edi
  0f a3 4d 00                       bt [rbp], ecx
  72 35                             jb eager
  0f a3 8d 80 00 00 00              bt [rbp+0x80], ecx
  0f 83 3d fd ff ff                 jae traced
  41 f6 c3 20                       test r11b, 0x20
  0f 85 33 fd ff ff                 jne traced
  41 f6 c3 40                       test r11b, 0x40
  0f 84 0c fc ff ff                 je quiet
  48 81 7c 24 10 00 10 00 00        cmp qword [rsp+0x10], 0x1000
  0f 87 1a fd ff ff                 ja traced
  e9 f8 fb ff ff                    jmp quiet
eager:  ; it never waits: that it would have to is its answer
  41 81 cb 80 00 00 00              or r11d, 0x80
  e9 ec fb ff ff                    jmp quiet
ways:  ; r11 = the way, rdx as the program has it
  41 ff cb                          dec r11d
  0f 84 3f fe ff ff                 je opening
  41 83 eb 03                       sub r11d, 3
  0f 82 f4 00 00 00                 jb at_once
  0f 84 b0 00 00 00                 je message
  41 83 fb 02                       cmp r11d, 2
  0f 82 d1 00 00 00                 jb header
  0f 84 f8 00 00 00                 je vector
  41 83 fb 04                       cmp r11d, 4
  72 5e                             jb poll
  74 51                             je events
  41 83 fb 06                       cmp r11d, 6
  72 7a                             jb wake
  74 40                             je masked
  41 83 fb 07                       cmp r11d, 7
  0f 84 5c 03 00 00                 je rseq
  0f 05                             syscall
  48 85 c0                          test rax, rax
  0f 85 f5 fb ff ff                 jne behind
  48 85 f6                          test rsi, rsi
  0f 84 ec fb ff ff                 je behind
  89 f9                             mov ecx, edi
  c1 e1 04                          shl ecx, 4
  48 8d 15 c1 14 f3 ff              lea rdx, [actions]
  48 01 ca                          add rdx, rcx
  48 8b 0e                          mov rcx, [rsi]
  48 89 0a                          mov [rdx], rcx
  48 8b 4e 08                       mov rcx, [rsi+8]
  48 89 4a 08                       mov [rdx+8], rcx
  e9 ca fb ff ff                    jmp behind
masked:
  4d 85 c0                          test r8, r8
  0f 85 87 fc ff ff                 jne traced
events:
  45 31 d2                          xor r10d, r10d
  0f 05                             syscall
  8b 4c 24 18                       mov ecx, [rsp+0x18]
  eb 08                             jmp polled
poll:
  31 d2                             xor edx, edx
  0f 05                             syscall
  8b 4c 24 10                       mov ecx, [rsp+0x10]
polled:  ; nothing is ready: what would wait for that has to stop
  48 85 c0                          test rax, rax
  0f 88 6b fc ff ff                 js traced
  0f 85 9f fb ff ff                 jne behind
  85 c9                             test ecx, ecx
  0f 85 5d fc ff ff                 jne traced
  e9 92 fb ff ff                    jmp behind
wake:  ; of what can be done with a futex, only that
  89 f1                             mov ecx, esi
  81 e1 7f ff ff ff                 and ecx, 0xffffff7f
  83 f9 01                          cmp ecx, 1
  0f 85 47 fc ff ff                 jne traced
  0f 05                             syscall
  e9 7a fb ff ff                    jmp behind
message:  ; recvfrom and sendto, without an address
  4d 85 c0                          test r8, r8
  0f 85 37 fc ff ff                 jne traced
  41 f7 c2 bd bf ff ff              test r10d, 0xffffbfbd
  0f 85 2a fc ff ff                 jne traced
  41 f7 c2 40 00 00 00              test r10d, 0x40
  74 04                             je patient
  80 4d 00 80                       or byte [rbp], 0x80
patient:
  41 83 ca 40                       or r10d, 0x40
  0f 05                             syscall
  eb 44                             jmp flowed
header:  ; sendmsg
  f7 c2 bf bf ff ff                 test edx, 0xffffbfbf
  0f 85 09 fc ff ff                 jne traced
  83 ca 40                          or edx, 0x40
  0f 05                             syscall
  eb 31                             jmp flowed
at_once:  ; read and write become preadv2 and pwritev2 of one piece
  41 8d 83 49 01 00 00              lea eax, [r11+0x149]
  48 89 75 08                       mov [rbp+8], rsi
  48 89 55 10                       mov [rbp+0x10], rdx
  48 8d 75 08                       lea rsi, [rbp+8]
  ba 01 00 00 00                    mov edx, 1
  eb 05                             jmp nowait
vector:  ; writev becomes pwritev2
  b8 48 01 00 00                    mov eax, 0x148
nowait:
  49 c7 c2 ff ff ff ff              mov r10, 0xffffffffffffffff
  45 31 c0                          xor r8d, r8d
  41 b9 08 00 00 00                 mov r9d, 8
  0f 05                             syscall
flowed:
  48 83 f8 f5                       cmp rax, 0xfffffffffffffff5
  74 19                             je again
  48 83 f8 e0                       cmp rax, 0xffffffffffffffe0
  0f 84 c1 fb ff ff                 je traced
  48 83 f8 a1                       cmp rax, 0xffffffffffffffa1
  0f 84 b7 fb ff ff                 je traced
  e9 ec fa ff ff                    jmp behind
again:
  f6 45 00 80                       test byte [rbp], 0x80
  0f 84 a8 fb ff ff                 je traced
  e9 dd fa ff ff                    jmp behind
`;
