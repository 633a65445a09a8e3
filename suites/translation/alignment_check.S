# Calls and jumps while the AC flag is set: the engine's own data must be aligned, or they raise SIGBUS.
.globl _start
.text
_start: pushfq
 orq $0x40000, (%rsp)
 popfq
 movl $20, %ebx
1: call f
 leaq f(%rip), %rax
 call *%rax
 decl %ebx
 jnz 1b
 pushfq
 andq $~0x40000, (%rsp)
 popfq
 movl $60, %eax; xorl %edi, %edi; syscall
f: testl $1, %ebx
 jz 2f
 ret
2: ret
    .section .note.GNU-stack, "", @progbits
