# A program whose conditional branches can be counted by hand: 2047 are executed, and everything else in it
# that looks like one must not count. Beside each instruction: how often it is executed as a branch.

    .globl _start
    .text
_start:
    mov     $1000, %rcx
1:  add     %rcx, %rbx
    loop    1b                  # 1000
    mov     $1000, %rcx
2:  cmp     $7, %rcx
    loopne  2b                  # 994: from 1000 down to 7
    mov     $50, %ecx
3:  jrcxz   4f                  # 51: from 50 down to 0
    dec     %rcx
    jmp     3b                  # none: it has no condition
4:  jecxz   5f                  # 1
    ud2
5:  mov     $100, %ecx          # rep: its turns are no branches, whether it ends by count or by comparison
    lea     from(%rip), %rsi
    lea     to(%rip), %rdi
    rep movsb
    mov     $100, %ecx
    lea     to(%rip), %rdi
    mov     $1, %eax
    repne scasb                 # ends by comparison after 41 turns
    cmp     $59, %rcx
    jne     wrong               # 1, not taken
    cmove   %rcx, %rbx          # none: conditional, but no branch
    sete    %al
    xor     %ecx, %ecx
    rep stosb                   # none, and no turn either
    lea     7f(%rip), %rax
    jmp     *%rax               # none: indirect
    ud2
7:  mov     $60, %eax           # exit(0)
    xor     %edi, %edi
    syscall
wrong:
    mov     $60, %eax
    mov     $1, %edi
    syscall

    .section .note.GNU-stack, "", @progbits
    .data
from:
    .skip   40
    .byte   1
    .skip   59
to: .skip   100
