# Every form of indirect branch and of return. Prints a hash of where it has been, and with which flags.
.globl _start
.text
.macro hit n
 rolq $5, %r13
 xorq $\n, %r13
 lahf
 movzbl %ah, %eax
 addq %rax, %r13
.endm
f1: hit 1
 ret
f2: hit 2
 ret $16
f3: hit 3
 pushq %rbp; movq %rsp, %rbp; leave
 repz ret
f4: hit 4
 movq (%rsp), %rax
 subq $base, %rax
 addq %rax, %r13
 bnd ret
_start: cld
 xorl %r13d, %r13d
 movl $158, %eax; movl $0x1002, %edi; leaq tls(%rip), %rsi; syscall
base:
 movl $300, %r12d
again:
 cmpq $100, %r12
 leaq f1(%rip), %rax; call *%rax
 leaq f1(%rip), %rcx; call *%rcx
 cmpq $200, %r12
 leaq f1(%rip), %rsi; call *%rsi
 leaq f4(%rip), %r8; call *%r8
 leaq f4(%rip), %r15; notrack call *%r15
 leaq f4(%rip), %rbp; call *%rbp
 leaq f4(%rip), %r14; bnd call *%r14
 # rsp based operands
 leaq f1(%rip), %rax; pushq %rax; pushq %rax
 call *(%rsp)
 call *8(%rsp)
 xorl %ecx, %ecx
 call *8(%rsp,%rcx,8)
 popq %rax; popq %rax
 # ret imm
 pushq $1; pushq $2; call f2
 leaq f2(%rip), %rcx; pushq $1; pushq $2; call *%rcx
 # memory forms
 call *tab(%rip)
 call *tab
 movl $2, %ecx; call *tab(,%rcx,8)
 leaq tab(%rip), %rbx; call *(%rbx)
 call *8*3(%rbx)
 movl $tab, %ebx; call *(%ebx)
 movq %rbx, %r9; movl $3, %r10d; call *(%r9,%r10,8)
 leaq 0x7f(%r9,%r10,8), %rax; leaq f4(%rip), %rdx; movq %rdx, (%rax); call *0x7f(%r9,%r10,8)
 # jmps
 leaq 1f(%rip), %rax; jmp *%rax
 ud2
1: hit 10
 leaq 1f(%rip), %r11; jmp *%r11
 ud2
1: hit 11
 leaq 1f(%rip), %rcx; pushq %rcx; jmp *(%rsp)
 ud2
1: popq %rcx; hit 12
 pushq %rcx; leaq 1f(%rip), %rax; movq %rax, -8(%rsp); jmp *-8(%rsp)
 ud2
1: popq %rcx; hit 13
 leaq 1f(%rip), %rax; movq %rax, jt(%rip); jmp *jt(%rip)
 ud2
1: hit 14
 leaq 1f(%rip), %rax; movq %rax, %fs:8; jmp *%fs:8
 ud2
1: hit 15
 leaq 1f(%rip), %rax; movq %rax, %fs:16; movl $8, %ecx; jmp *%fs:8(%rcx)
 ud2
1: hit 16
 leaq f1(%rip), %rax; movq %rax, %fs:24; call *%fs:24
 notrack jmp *jt2(%rip)
 ud2
j2: hit 17
 # push / pop with rsp
 pushq %rsp; popq %rax; subq %rsp, %rax; addq %rax, %r13
 pushq $7; popq (%rsp)
 pushq $8; pushq (%rsp); popq %rax; addq %rax, %r13; popq %rax
 movq %rsp, %rbx; movq %rsp, %rax; pushq %rax; popq %rsp; cmpq %rsp, %rbx; je 1f; ud2
1: hit 18
 # call+pop
 call 1f
1: popq %rax; subq $1b, %rax; addq %rax, %r13
 # ret as a jump
 leaq 1f(%rip), %rax; pushq %rax; ret
 ud2
1: hit 19
 hit 20
 leaq 1f(%rip), %rcx
 pushq %rcx
 xorl %ecx, %ecx
 popq %rcx
 jmp *%rcx
1: hit 21
 # xchg of rax/rcx across a call: both must survive
 movq $0x1122334455667788, %rax
 movq $0x99aabbccddeeff00, %rcx
 stc
 call g
 adcq %rax, %r13
 adcq %rcx, %r13
 # deep recursion
 movl $50, %edi
 call rec
 addq %rax, %r13
 decl %r12d
 jnz far1
 jmp done
far1: .byte 0x0f, 0x85
 .long again - . - 4
 jmp again
g: leaq 1f(%rip), %rdx
 jmp *%rdx
 ud2
1: ret
rec: testl %edi, %edi
 jnz 1f
 movl $1, %eax
 ret
1: pushq %rdi
 decl %edi
 leaq rec(%rip), %rax
 call *%rax
 popq %rdi
 leaq (%rax,%rdi), %rax
 ret
done:
 leaq text(%rip), %rdi
 movl $16, %ecx
2: rolq $4, %r13
 movl %r13d, %eax
 andl $15, %eax
 movb digits(%rax), %al
 movb %al, (%rdi)
 incq %rdi
 decl %ecx
 jnz 2b
 movl $1, %eax; movl $1, %edi; leaq text(%rip), %rsi; movl $17, %edx; syscall
 movl $60, %eax; xorl %edi, %edi; syscall
.data
.balign 8
tab: .quad f1, f4, f3, f1
 .space 300
 .space 64
jt: .quad 0
jt2: .quad j2
tls: .space 64
digits: .ascii "0123456789abcdef"
text: .ascii "................\n"
.section .note.GNU-stack,"",@progbits
