/**
 * The part of the stub (`call-stub.ts`) that opens files by their paths (`openat`). Such a call may be waited for (a fifo, a
 * device, a network), and the recorder has to look at some of what is opened. So the stub asks first what is there: if
 * nothing is, the open fails, and if it is a regular file, or a folder, on a device by whose files nobody waits, it is opened
 * for reading without a stop, and is quiet from then on. All else is left to a stop.
 *
 * Nobody of the recording runs between the question and the open. If somebody else exchanges the file just then, the open is
 * made all the same, and may wait, with all of the recording.
 *
 * Flags are those of asm-generic/fcntl.h; struct stat is that of arch/x86/include/uapi/asm/stat.h.
 */

/** Bytes behind the record of an open that have to be free: there the kernel says what is at the path. */
export const OPEN_ROOM = 0xf0;

/** How many devices the stub can know. */
export const MOST_DEVICES = 8;

/** Continues the listing of `call-stub.ts`. */
export const OPEN_LISTING = `
opening:  ; what would be made, or cut, has to stop: O_CREAT, O_TRUNC, O_TMPFILE
  f7 44 24 10 40 02 40 00           test dword [rsp+0x10], 0x400240
  0f 85 b3 fe ff ff                 jne traced
  48 8d 55 60                       lea rdx, [rbp+0x60]
  44 8b 54 24 10                    mov r10d, [rsp+0x10]
  41 81 e2 00 00 02 00              and r10d, 0x20000
  41 c1 ea 09                       shr r10d, 9
  b8 06 01 00 00                    mov eax, 0x106
  0f 05                             syscall
  48 83 f8 fe                       cmp rax, 0xfffffffffffffffe
  0f 84 96 00 00 00                 je nothing
  48 85 c0                          test rax, rax
  0f 85 85 fe ff ff                 jne traced
  f7 44 24 10 ff 76 f0 ff           test dword [rsp+0x10], 0xfff076ff
  0f 85 77 fe ff ff                 jne traced
  8b 4d 78                          mov ecx, [rbp+0x78]
  81 e1 00 f0 00 00                 and ecx, 0xf000
  81 f9 00 80 00 00                 cmp ecx, 0x8000
  74 0c                             je present
  81 f9 00 40 00 00                 cmp ecx, 0x4000
  0f 85 5a fe ff ff                 jne traced
present:  ; a file without a name may be the recorder's
  48 83 7d 70 00                    cmp qword [rbp+0x70], 0
  0f 84 4f fe ff ff                 je traced
  48 8b 4d 60                       mov rcx, [rbp+0x60]
  4c 8d 1d 5f 0e f3 ff              lea r11, [devices]
  ba 08 00 00 00                    mov edx, 8
device:
  49 3b 4c d3 f8                    cmp rcx, [r11+rdx*8-8]
  74 09                             je opened
  ff ca                             dec edx
  75 f5                             jne device
  e9 2f fe ff ff                    jmp traced
opened:
  48 8b 54 24 10                    mov rdx, [rsp+0x10]
  4c 8b 54 24 18                    mov r10, [rsp+0x18]
  48 8b 44 24 30                    mov rax, [rsp+0x30]
  0f 05                             syscall
  48 3d 00 04 00 00                 cmp rax, 0x400
  0f 83 4c fd ff ff                 jae behind
  48 8d 15 a6 02 f3 ff              lea rdx, [descriptors]
  0f ab 82 80 00 00 00              bts [rdx+0x80], eax
  0f ab 82 80 08 00 00              bts [rdx+0x880], eax
  e9 32 fd ff ff                    jmp behind
nothing:
  48 8b 54 24 10                    mov rdx, [rsp+0x10]
  4c 8b 54 24 18                    mov r10, [rsp+0x18]
  48 8b 44 24 30                    mov rax, [rsp+0x30]
  0f 05                             syscall
  48 85 c0                          test rax, rax
  0f 88 18 fd ff ff                 js behind
  89 c7                             mov edi, eax
  b8 03 00 00 00                    mov eax, 3
  0f 05                             syscall
  e9 d0 fd ff ff                    jmp traced
`;
