/**
 * Instructions whose result the engine answers in place of the processor, and which JS cannot execute.
 * Source: Intel SDM volume 2; IA32_TSC_AUX as Linux fills it: arch/x86/include/asm/segment.h.
 */

/** Listing of the stubs of `../processor/cpu.ts`; for the notation see `listing.ts`. */
export const CPU_LISTING = `
cpuid_stub:  ; void cpuid_stub(leaf, subleaf, u32 out[4])
  53                                push rbx                      ; cpuid writes rbx, which belongs to the caller
  89 f8                             mov eax, edi
  89 f1                             mov ecx, esi
  48 89 d7                          mov rdi, rdx
  0f a2                             cpuid
  89 07                             mov [rdi], eax
  89 5f 04                          mov [rdi+4], ebx
  89 4f 08                          mov [rdi+8], ecx
  89 57 0c                          mov [rdi+0xc], edx
  5b                                pop rbx
  c3                                ret
rdtsc_stub:  ; u64 rdtsc_stub(void)
  0f 31                             rdtsc
  48 c1 e2 20                       shl rdx, 0x20
  48 09 d0                          or rax, rdx
  c3                                ret
rdtscp_stub:  ; u64 rdtscp_stub(u32 *aux)
  0f 01 f9                          rdtscp
  89 0f                             mov [rdi], ecx                ; IA32_TSC_AUX: Linux keeps node << 12 | cpu there
  48 c1 e2 20                       shl rdx, 0x20
  48 09 d0                          or rax, rdx
  c3                                ret
rdrand_stub:  ; u32 rdrand_stub(u64 *out): 1 on success
  31 c0                             xor eax, eax
  48 0f c7 f2                       rdrand rdx                    ; CF = 0 when the generator had nothing ready
  48 89 17                          mov [rdi], rdx
  0f 92 c0                          setb al
  c3                                ret
rdseed_stub:  ; u32 rdseed_stub(u64 *out): 1 on success
  31 c0                             xor eax, eax
  48 0f c7 fa                       rdseed rdx
  48 89 17                          mov [rdi], rdx
  0f 92 c0                          setb al
  c3                                ret
xgetbv_stub:  ; u64 xgetbv_stub(index)
  89 f9                             mov ecx, edi
  0f 01 d0                          xgetbv
  48 c1 e2 20                       shl rdx, 0x20
  48 09 d0                          or rax, rdx
  c3                                ret
`;
