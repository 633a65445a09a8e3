/**
 * The birth of a segment of System V memory: made, attached and marked for removal by three system calls in a row. Between
 * them a killed process leaves a segment behind that nobody takes away; from JS they are a millisecond apart, on a busy
 * machine, in machine code a microsecond. Sources: shmget(2), shmop(2), shmctl(2).
 */

/** Listing of `segment_stub`; for the notation see `listing.ts`. */
export const SEGMENT_LISTING = `
segment_stub:  ; int segment_stub(size, flags, long *address): id, or -errno of shmget; *address may be -errno of shmat
  53                                push rbx
  41 54                             push r12
  49 89 d4                          mov r12, rdx
  48 89 f2                          mov rdx, rsi
  48 89 fe                          mov rsi, rdi
  31 ff                             xor edi, edi                  ; IPC_PRIVATE
  b8 1d 00 00 00                    mov eax, 0x1d                 ; shmget
  0f 05                             syscall
  85 c0                             test eax, eax
  78 22                             js leave
  89 c3                             mov ebx, eax
  89 c7                             mov edi, eax
  31 f6                             xor esi, esi                  ; wherever there is room
  31 d2                             xor edx, edx                  ; to read and to write
  b8 1e 00 00 00                    mov eax, 0x1e                 ; shmat
  0f 05                             syscall
  49 89 04 24                       mov [r12], rax
  89 df                             mov edi, ebx
  31 f6                             xor esi, esi                  ; IPC_RMID: it goes with the last that has it
  31 d2                             xor edx, edx
  b8 1f 00 00 00                    mov eax, 0x1f                 ; shmctl
  0f 05                             syscall
  89 d8                             mov eax, ebx
leave:
  41 5c                             pop r12
  5b                                pop rbx
  c3                                ret
`;
