/**
 * Reading a counter without the kernel: the loop that perf_event_open(2) and linux/perf_event.h prescribe over
 * the metadata page (struct perf_event_mmap_page), and read(2) in the same function where that can't be done.
 *
 * x86 does not reorder loads with loads, so that the two reads of the lock need no fence between them and the
 * fields; the kernel writes the page on the processor that reads it, or while the event is on none.
 * The offsets from rdi are those of `MMAP_PAGE` in `../perf/mmap_page.ts`.
 */

/** Listing of `user_read` and `user_read_value`; for the notation see `listing.ts`. */
export const USER_READ_LISTING = `
user_read:  ; int user_read(page, fd, u64 *into, u32 bytes): 24, or what read(2) returns
  49 89 d0                          mov r8, rdx
  41 89 c9                          mov r9d, ecx
  53                                push rbx
  41 54                             push r12
  6a 40                             push 0x40                     ; tries: a page that stays odd (its writer died) must not hang the reader
again:
  ff 0c 24                          dec dword [rsp]
  78 7e                             js ask_kernel
  44 8b 57 08                       mov r10d, [rdi+8]             ; page.lock
  41 f6 c2 01                       test r10b, 1
  75 f1                             jne again                     ; odd: an update is under way
  8b 4f 0c                          mov ecx, [rdi+0xc]            ; page.index
  85 c9                             test ecx, ecx
  74 6d                             je ask_kernel                 ; not on a counter now
  8b 47 28                          mov eax, [rdi+0x28]           ; page.capabilities
  83 e0 2c                          and eax, 0x2c
  83 f8 0c                          cmp eax, 0xc                  ; cap_user_rdpmc and cap_user_time, not cap_user_time_short
  75 62                             jne ask_kernel
  4c 8b 5f 10                       mov r11, [rdi+0x10]           ; page.offset
  48 8b 5f 18                       mov rbx, [rdi+0x18]           ; page.time_enabled
  4c 8b 67 20                       mov r12, [rdi+0x20]           ; page.time_running
  ff c9                             dec ecx
  0f 33                             rdpmc
  48 c1 e2 20                       shl rdx, 0x20
  48 09 d0                          or rax, rdx
  0f b7 4f 30                       movzx ecx, word [rdi+0x30]    ; page.pmc_width
  f7 d9                             neg ecx                       ; shifts take the count modulo 64: 64 - width
  48 d3 e0                          shl rax, cl
  48 d3 f8                          sar rax, cl
  49 01 c3                          add r11, rax
  0f 31                             rdtsc
  48 c1 e2 20                       shl rdx, 0x20
  48 09 d0                          or rax, rdx
  8b 4f 34                          mov ecx, [rdi+0x34]           ; page.time_mult
  48 f7 e1                          mul rcx
  0f b7 4f 32                       movzx ecx, word [rdi+0x32]    ; page.time_shift
  48 0f ad d0                       shrd rax, rdx, cl
  48 03 47 38                       add rax, [rdi+0x38]           ; page.time_offset
  48 01 c3                          add rbx, rax
  49 01 c4                          add r12, rax
  44 3b 57 08                       cmp r10d, [rdi+8]
  75 92                             jne again                     ; changed meanwhile: nothing of it holds
  4d 89 18                          mov [r8], r11
  49 89 58 08                       mov [r8+8], rbx
  4d 89 60 10                       mov [r8+0x10], r12
  b8 18 00 00 00                    mov eax, 0x18
  59                                pop rcx
  41 5c                             pop r12
  5b                                pop rbx
  c3                                ret
ask_kernel:
  89 f7                             mov edi, esi
  4c 89 c6                          mov rsi, r8
  44 89 ca                          mov edx, r9d
  31 c0                             xor eax, eax                  ; read
  0f 05                             syscall
  59                                pop rcx
  41 5c                             pop r12
  5b                                pop rbx
  59                                pop rcx                       ; not ret: see ./syscall.ts
  ff e1                             jmp rcx
user_read_value:  ; int user_read_value(page, fd, u64 *into): 8, or 0 or -errno of read(2)
  49 89 d0                          mov r8, rdx
  41 b9 40 00 00 00                 mov r9d, 0x40                 ; tries, as above
value_again:
  41 ff c9                          dec r9d
  78 44                             js ask_kernel_value
  44 8b 57 08                       mov r10d, [rdi+8]             ; page.lock
  41 f6 c2 01                       test r10b, 1
  75 f1                             jne value_again
  8b 4f 0c                          mov ecx, [rdi+0xc]            ; page.index
  85 c9                             test ecx, ecx
  74 33                             je ask_kernel_value
  f6 47 28 04                       test byte [rdi+0x28], 4       ; cap_user_rdpmc
  74 2d                             je ask_kernel_value
  4c 8b 5f 10                       mov r11, [rdi+0x10]           ; page.offset
  ff c9                             dec ecx
  0f 33                             rdpmc
  48 c1 e2 20                       shl rdx, 0x20
  48 09 d0                          or rax, rdx
  0f b7 4f 30                       movzx ecx, word [rdi+0x30]    ; page.pmc_width
  f7 d9                             neg ecx
  48 d3 e0                          shl rax, cl
  48 d3 f8                          sar rax, cl
  49 01 c3                          add r11, rax
  44 3b 57 08                       cmp r10d, [rdi+8]
  75 c0                             jne value_again
  4d 89 18                          mov [r8], r11
  b8 08 00 00 00                    mov eax, 8
  c3                                ret
ask_kernel_value:
  48 83 ec 28                       sub rsp, 0x28                 ; value, two times, id and lost: the most that read(2) gives of one event
  89 f7                             mov edi, esi
  48 89 e6                          mov rsi, rsp
  ba 28 00 00 00                    mov edx, 0x28
  31 c0                             xor eax, eax                  ; read
  0f 05                             syscall
  85 c0                             test eax, eax
  7e 0c                             jle value_done                ; 0 of a pinned event that lost its counter, or -errno
  48 8b 0c 24                       mov rcx, [rsp]
  49 89 08                          mov [r8], rcx
  b8 08 00 00 00                    mov eax, 8
value_done:
  48 83 c4 28                       add rsp, 0x28
  59                                pop rcx
  ff e1                             jmp rcx
`;
