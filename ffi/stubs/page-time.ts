/**
 * The time for which an event has been enabled, without the kernel: the loop of linux/perf_event.h (the comment at
 * `time_offset`) over the metadata page. Offsets from rdi: struct perf_event_mmap_page.
 */

/** Listing of `page_time`; for the notation see `listing.ts`. */
export const PAGE_TIME_LISTING = `
page_time:  ; int page_time(page, u64 *into): 8, or 0 where the page has no time
  41 b8 40 00 00 00                 mov r8d, 0x40                 ; tries: a page that stays odd must not hang the reader
again:
  41 ff c8                          dec r8d
  78 41                             js no_time
  44 8b 57 08                       mov r10d, [rdi+8]             ; page.lock
  41 f6 c2 01                       test r10b, 1
  75 f1                             jne again                     ; odd: an update is under way
  f6 47 28 08                       test byte [rdi+0x28], 8       ; page.capabilities: cap_user_time
  74 31                             je no_time
  4c 8b 4f 18                       mov r9, [rdi+0x18]            ; page.time_enabled, as of the last update
  0f 31                             rdtsc
  48 c1 e2 20                       shl rdx, 0x20
  48 09 d0                          or rax, rdx
  8b 4f 34                          mov ecx, [rdi+0x34]           ; page.time_mult
  48 f7 e1                          mul rcx
  0f b7 4f 32                       movzx ecx, word [rdi+0x32]    ; page.time_shift
  48 0f ad d0                       shrd rax, rdx, cl
  48 03 47 38                       add rax, [rdi+0x38]           ; page.time_offset
  44 3b 57 08                       cmp r10d, [rdi+8]
  75 c6                             jne again                     ; changed meanwhile: nothing of it holds
  49 01 c1                          add r9, rax
  4c 89 0e                          mov [rsi], r9
  b8 08 00 00 00                    mov eax, 8
  c3                                ret
no_time:
  31 c0                             xor eax, eax
  c3                                ret
`;
