/**
 * The stub that system calls of the program go by: machine code at the same place in all code caches. While recording it
 * does calls that neither sleep nor concern anybody else, and appends a record of each to the ring; in a replay it takes the
 * records instead. All other calls it leaves to the `syscall` at their site, where the task stops.
 *
 * Obligations: a site comes with rcx = the app pc behind the call, r11 = the address of its own `syscall`; nothing else of
 * the program may change but rax and memory. It has a stack of its own, since the program's may be anything. A signal may
 * stop a task anywhere in here: it goes on, and the signal waits for the next point. Only `commit` makes a record count, so
 * that a task that is killed in here leaves whole ones.
 *
 * Data is addressed relative to rip: the context lies at the same distance wherever the fixed parts are.
 */
import { encodeListing, parseListing } from "../../ffi/mod.ts";
import { invariant } from "../engine-error.ts";
import { CALL_STUB, CONTEXT, CONTEXT_SIZE, USUAL_BASE } from "../translate/context.ts";
import { AHEAD_LISTING } from "./ahead-stub.ts";
import { FLOW_LISTING } from "./flow-stub.ts";
import { INSTRUCTION_LISTING } from "./instruction-stub.ts";
import { LIST_LISTING } from "./list-stub.ts";
import { OPEN_LISTING } from "./open-stub.ts";
import { RSEQ_LISTING } from "./rseq-stub.ts";

/** What the stub reads and writes, as offsets in the context. */
export const CALL_DATA = {
  counters: CONTEXT.counters,
  savedRsp: CONTEXT.calls,
  /** Where a site goes on. */
  target: CONTEXT.calls + 8,
  /** Address of the next record, and of the end of those that there are, or may be. */
  cursor: CONTEXT.calls + 16,
  limit: CONTEXT.calls + 24,
  /** How many records were made. */
  count: CONTEXT.calls + 32,
  /** Ticks of the task, and what its counters are armed with. */
  ticksBase: CONTEXT.calls + 40,
  /** The program's own, at a site of `cpuid` or `rdtsc`. */
  askRbx: CONTEXT.asked,
  askRdx: CONTEXT.asked + 8,
  /** For each number of a system call which shape it has; 0 for none. */
  shapeOf: 512,
  /** Shapes, of 16 bytes: see `call-ring.ts`. */
  shapes: 5120,
  /** Bitmaps of descriptors, of 128 bytes each, lie in a multiple of that behind it: see `call-ring.ts`. */
  descriptors: 1664,
  /** Who sleeps that a call could wake, one byte, and which of these were woken since the tracer has asked. */
  sleepers: 4864,
  woken: 4865,
  /** Numbers of devices by whose files nobody waits, or 0: see `open-stub.ts`. */
  devices: 4608,
  /** A call that the tracer has looked at: see `ahead-stub.ts`. The program's own arguments come first. */
  aheadArguments: 4672,
  aheadSecond: 4680,
  aheadThird: 4688,
  aheadResult: 4696,
  aheadDone: 4704,
  aheadNumber: 4712,
  aheadSite: 4720,
  /** Whether the task has no area of restartable sequences, one byte. */
  unregistered: 4866,
  /** What `cpuid` answers, and how many of these there are: eax and ecx before; eax, ebx, ecx and edx after. */
  answers: 2640,
  answerCount: 1784,
  /** For each signal the handler and the flags that were set last, 8 bytes each. */
  actions: 6656,
  /** Its stack needs some 120 bytes. */
  stackEnd: CONTEXT.scratch - 256,
  stackTop: CONTEXT.scratch,
} as const;

/** Entries and other places of the stub; for the notation see `ffi/stubs/listing.ts`. Names in brackets are of {@link CALL_DATA}. */
export const CALL_LISTING = `
direct:  ; no call is done here
  41 ff e3                          jmp r11
  66 0f 1f 04 00                    nop word [rax+rax]
  66 90                             xchg ax, ax
record:  ; in a recording
  48 89 25 5f 00 f3 ff              mov [savedRsp], rsp
  48 8d 25 a8 1f f3 ff              lea rsp, [stackTop]
  9c                                pushf
  41 53                             push r11
  51                                push rcx
  53                                push rbx
  55                                push rbp
  50                                push rax
  41 51                             push r9
  41 50                             push r8
  41 52                             push r10
  52                                push rdx
  56                                push rsi
  57                                push rdi
  fc                                cld
  3d 00 02 00 00                    cmp eax, 0x200
  0f 83 71 01 00 00                 jae traced
  89 c1                             mov ecx, eax
  48 8d 1d 83 01 f3 ff              lea rbx, [shapeOf]
  0f b6 1c 0b                       movzx ebx, byte [rbx+rcx]
  85 db                             test ebx, ebx
  0f 84 5c 01 00 00                 je traced
  c1 e3 04                          shl ebx, 4
  48 8d 2d 6d 13 f3 ff              lea rbp, [shapes]
  48 01 eb                          add rbx, rbp
  44 0f b6 5b 07                    movzx r11d, byte [rbx+7]
  0f b6 4b 01                       movzx ecx, byte [rbx+1]
  85 c9                             test ecx, ecx
  74 25                             je quiet
  81 ff 00 04 00 00                 cmp edi, 0x400
  0f 83 36 01 00 00                 jae traced
  c1 e1 07                          shl ecx, 7
  48 8d 2d c7 05 f3 ff              lea rbp, [descriptors]
  48 01 cd                          add rbp, rcx
  89 f9                             mov ecx, edi
  0f a3 4d 00                       bt [rbp], ecx
  0f 83 ad 03 00 00                 jae flowing
quiet:  ; is there room for the record?
  48 8b 2d f1 ff f2 ff              mov rbp, [cursor]
  31 c9                             xor ecx, ecx
  0f b6 53 04                       movzx edx, byte [rbx+4]
  85 d2                             test edx, edx
  74 1a                             je room
  48 8b 54 d4 f8                    mov rdx, [rsp+rdx*8-8]
  48 81 fa 00 00 02 00              cmp rdx, 0x20000
  0f 87 fa 00 00 00                 ja traced
  0f b6 4b 0e                       movzx ecx, byte [rbx+0xe]
  48 0f af ca                       imul rcx, rdx
room:
  0f b7 53 02                       movzx edx, word [rbx+2]
  48 01 d1                          add rcx, rdx
  48 01 e9                          add rcx, rbp
  48 3b 0d c4 ff f2 ff              cmp rcx, [limit]
  0f 87 db 00 00 00                 ja traced
  44 89 5d 00                       mov [rbp], r11d
  48 8b 54 24 10                    mov rdx, [rsp+0x10]
  41 83 e3 0f                       and r11d, 0xf
  0f 85 bf 03 00 00                 jne ways
  0f 05                             syscall
behind:  ; what a bad address comes to is for the tracer to see
  48 83 f8 f2                       cmp rax, 0xfffffffffffffff2
  0f 84 bc 00 00 00                 je traced
  8b 4c 24 30                       mov ecx, [rsp+0x30]
  66 89 4d 04                       mov [rbp+4], cx
  8a 0b                             mov cl, [rbx]
  88 4d 06                          mov [rbp+6], cl
  e8 c4 00 00 00                    call count
  48 89 4d 08                       mov [rbp+8], rcx
  48 8b 4c 24 48                    mov rcx, [rsp+0x48]
  48 89 4d 10                       mov [rbp+0x10], rcx
  48 89 45 18                       mov [rbp+0x18], rax
  0f b6 0b                          movzx ecx, byte [rbx]
  48 89 e6                          mov rsi, rsp
  48 8d 7d 20                       lea rdi, [rbp+0x20]
  f3 48 a5                          rep movsq
  45 31 c0                          xor r8d, r8d
  48 85 c0                          test rax, rax
  78 1a                             js commit
  0f b6 4b 05                       movzx ecx, byte [rbx+5]
  0f b7 53 08                       movzx edx, word [rbx+8]
  e8 b0 00 00 00                    call area
  0f b6 4b 06                       movzx ecx, byte [rbx+6]
  0f b7 53 0a                       movzx edx, word [rbx+0xa]
  e8 a3 00 00 00                    call area
commit:  ; from here on it has happened
  44 88 45 07                       mov [rbp+7], r8b
  8b 55 00                          mov edx, [rbp]
  48 89 f9                          mov rcx, rdi
  48 29 e9                          sub rcx, rbp
  89 4d 00                          mov [rbp], ecx
  ff 05 3f ff f2 ff                 inc dword [count]
  48 89 3d 28 ff f2 ff              mov [cursor], rdi
  83 e2 0e                          and edx, 0xe
  74 1d                             je done
  48 85 c0                          test rax, rax
  7e 18                             jle done
  8a 53 0f                          mov dl, [rbx+0xf]
  08 15 56 11 f3 ff                 or [woken], dl
  84 15 4f 11 f3 ff                 test [sleepers], dl
  74 07                             je done
  48 89 3d 0e ff f2 ff              mov [limit], rdi
done:  ; the result is in rax; as behind any system call, r11 is the flags, and rcx of no use
  5f                                pop rdi
  5e                                pop rsi
  5a                                pop rdx
  41 5a                             pop r10
  41 58                             pop r8
  41 59                             pop r9
  59                                pop rcx
  5d                                pop rbp
  5b                                pop rbx
  59                                pop rcx
  59                                pop rcx
  48 83 c1 02                       add rcx, 2
  48 89 0d e5 fe f2 ff              mov [target], rcx
  4c 8b 1c 24                       mov r11, [rsp]
  9d                                popf
  48 8b 25 d1 fe f2 ff              mov rsp, [savedRsp]
  ff 25 d3 fe f2 ff                 jmp qword [target]
traced:  ; everything as it was, and to the site's own syscall
  5f                                pop rdi
  5e                                pop rsi
  5a                                pop rdx
  41 5a                             pop r10
  41 58                             pop r8
  41 59                             pop r9
  58                                pop rax
  5d                                pop rbp
  5b                                pop rbx
  59                                pop rcx
  41 5b                             pop r11
  9d                                popf
  48 8b 25 b4 fe f2 ff              mov rsp, [savedRsp]
  41 ff e3                          jmp r11
count:  ; rcx = ticks of the task so far; may begin anew at any of its instructions
  48 8d 35 fa fd f2 ff              lea rsi, [counters]
  48 8b 0d cb fe f2 ff              mov rcx, [ticksBase]
  ba 10 00 00 00                    mov edx, 0x10
more:
  8b 7c 96 fc                       mov edi, [rsi+rdx*4-4]
  48 29 f9                          sub rcx, rdi
  ff ca                             dec edx
  75 f5                             jne more
  c3                                ret
area:  ; appends the memory that argument ecx (from 1) points to; edx: how much; from 0xfffe on so many units as an argument or the result says
  85 c9                             test ecx, ecx
  74 56                             je none
  48 8b 34 cc                       mov rsi, [rsp+rcx*8]
  48 85 f6                          test rsi, rsi
  74 4d                             je none
  81 fa fe ff 00 00                 cmp edx, 0xfffe
  72 15                             jb sized
  48 89 c1                          mov rcx, rax
  75 08                             jne scaled
  0f b6 4b 04                       movzx ecx, byte [rbx+4]
  48 8b 0c cc                       mov rcx, [rsp+rcx*8]
scaled:
  0f b6 53 0e                       movzx edx, byte [rbx+0xe]
  48 0f af d1                       imul rdx, rcx
sized:
  48 85 d2                          test rdx, rdx
  74 2b                             je none
  41 ff c0                          inc r8d
  48 89 37                          mov [rdi], rsi
  48 89 57 08                       mov [rdi+8], rdx
  48 83 c7 10                       add rdi, 0x10
  48 8d 4a ff                       lea rcx, [rdx-1]
  48 83 e1 f8                       and rcx, 0xfffffffffffffff8
  48 c7 04 0f 00 00 00 00           mov qword [rdi+rcx], 0
  48 89 d1                          mov rcx, rdx
  f3 a4                             rep movsb
  48 83 c7 07                       add rdi, 7
  48 83 e7 f8                       and rdi, 0xfffffffffffffff8
none:
  c3                                ret
  66 0f 1f 04 00                    nop word [rax+rax]
replay:  ; in a replay: the next record, if it is of this very call
  48 89 25 2b fe f2 ff              mov [savedRsp], rsp
  48 8d 25 74 1d f3 ff              lea rsp, [stackTop]
  9c                                pushf
  41 53                             push r11
  51                                push rcx
  53                                push rbx
  55                                push rbp
  50                                push rax
  41 51                             push r9
  41 50                             push r8
  41 52                             push r10
  52                                push rdx
  56                                push rsi
  57                                push rdi
  fc                                cld
  48 8b 1d 1c fe f2 ff              mov rbx, [cursor]
  48 3b 1d 1d fe f2 ff              cmp rbx, [limit]
  0f 83 34 ff ff ff                 jae traced
  0f b7 53 04                       movzx edx, word [rbx+4]
  39 d0                             cmp eax, edx
  0f 85 28 ff ff ff                 jne traced
  e8 3d ff ff ff                    call count
  48 3b 4b 08                       cmp rcx, [rbx+8]
  0f 85 19 ff ff ff                 jne traced
  48 8b 4c 24 48                    mov rcx, [rsp+0x48]
  48 3b 4b 10                       cmp rcx, [rbx+0x10]
  0f 85 0a ff ff ff                 jne traced
  0f b6 4b 06                       movzx ecx, byte [rbx+6]
  48 8d 73 20                       lea rsi, [rbx+0x20]
  48 89 e7                          mov rdi, rsp
  f3 48 a7                          repe cmpsq
  0f 85 f6 fe ff ff                 jne traced
  0f b6 53 07                       movzx edx, byte [rbx+7]
write:
  83 ea 01                          sub edx, 1
  72 17                             jb answer
  48 8b 3e                          mov rdi, [rsi]
  48 8b 4e 08                       mov rcx, [rsi+8]
  48 83 c6 10                       add rsi, 0x10
  f3 a4                             rep movsb
  48 83 c6 07                       add rsi, 7
  48 83 e6 f8                       and rsi, 0xfffffffffffffff8
  eb e4                             jmp write
answer:
  48 8b 43 18                       mov rax, [rbx+0x18]
  8b 0b                             mov ecx, [rbx]
  48 01 cb                          add rbx, rcx
  48 89 1d a1 fd f2 ff              mov [cursor], rbx
  e9 96 fe ff ff                    jmp done
${OPEN_LISTING}${AHEAD_LISTING}${FLOW_LISTING}${INSTRUCTION_LISTING}${RSEQ_LISTING}${LIST_LISTING}`;

const listing = parseListing(CALL_LISTING);
const code = encodeListing(listing);

/** Where a label is, as an offset in the stubs. */
function placeOf(label: string): number {
  const at = listing.labels.get(label);
  if (at === undefined) throw new ReferenceError(`Cannot find label "${label}" in the stub for system calls`);
  return CALL_STUB.start + at;
}

/** Entries, as offsets in the fixed parts. */
export const CALL_ENTRY = {
  direct: CONTEXT_SIZE + placeOf("direct"),
  record: CONTEXT_SIZE + placeOf("record"),
  replay: CONTEXT_SIZE + placeOf("replay"),
  askDirect: CONTEXT_SIZE + placeOf("ask_direct"),
  recordCpuid: CONTEXT_SIZE + placeOf("cpuid_record"),
  recordTsc: CONTEXT_SIZE + placeOf("tsc_record"),
  replayCpuid: CONTEXT_SIZE + placeOf("cpuid_replay"),
  replayTsc: CONTEXT_SIZE + placeOf("tsc_replay"),
  ahead: CONTEXT_SIZE + placeOf("ahead"),
  list: CONTEXT_SIZE + placeOf("list"),
} as const;

/** `syscall; int3` behind the stub: calls from here are those that a supervisor is told of. */
const NOTIFY = { at: CALL_STUB.end - 0x10, code: Uint8Array.of(0x0f, 0x05, 0xcc) } as const;
invariant(CALL_STUB.start + code.length <= NOTIFY.at, "the stub for system calls is longer than its room");
/** Where such a call seems to come from: behind the `syscall`, at the usual place of the fixed parts. */
export const NOTIFY_PLACE = USUAL_BASE + CONTEXT_SIZE + NOTIFY.at + 2;

const INSIDE = { start: CONTEXT_SIZE + CALL_STUB.start, end: CONTEXT_SIZE + CALL_STUB.start + code.length };
/** Behind the last instruction of all, a trap. */
const LIST_END = CONTEXT_SIZE + CALL_STUB.start + code.length;
const TRIED = CONTEXT_SIZE + placeOf("flowed");
const COUNT = { start: CONTEXT_SIZE + placeOf("count"), end: CONTEXT_SIZE + placeOf("area") };

/** Puts the stub into the stubs of a cache space. */
export function installCallStub(stubs: Uint8Array): void {
  stubs.set(code, CALL_STUB.start);
  stubs.set(NOTIFY.code, NOTIFY.at);
}

/** Whether a task at a pc is in the midst of a call that the stub does. @param base Of the fixed parts. */
export function isInCallStub(base: number, pc: number): boolean {
  return pc >= base + INSIDE.start && pc < base + INSIDE.end;
}

/** Whether a task at a pc is going to make a call that the tracer has looked at. @param base Of the fixed parts. */
export function isInFrontOfCall(base: number, pc: number): boolean {
  return pc === base + CALL_ENTRY.ahead;
}

/** Whether a task at a pc has made all calls of a list. @param base Of the fixed parts. */
export function hasMadeList(base: number, pc: number): boolean {
  return pc === base + LIST_END;
}

/** Whether a task at a pc has just tried to write what nobody can read, maybe. @param base Of the fixed parts. */
export function hasTriedToSend(base: number, pc: number): boolean {
  return pc === base + TRIED;
}

/** Where a task goes on whose counters are armed anew while it stands in the stub. @param base Of the fixed parts. */
export function callStubResumption(base: number, pc: number): number {
  return pc > base + COUNT.start && pc < base + COUNT.end ? base + COUNT.start : pc;
}
