# One thread without a library: loops of each kind, flags that live across branches, calls, strings, indirect jumps.
  .globl _start
  .text
_start:
  mov $40, %ebx
outer:
  lea buffer(%rip), %rdi
  mov $17, %ecx
  mov %ebx, %eax
  rep stosb
  mov $5, %ecx
inner:
  add %ecx, total(%rip)
  loop inner
  mov $3, %edx
tight:
  dec %edx
  jnz tight
  cmp $20, %ebx
  mov %ebx, %esi
  lea (%rsi, %rsi), %esi
  jb less
  call twice
  jmp joined
less:
  lea twice(%rip), %rax
  call *%rax
joined:
  stc
  mov $0, %eax
  adc %eax, total(%rip)
  push %rbx
  popq saved(%rip)
  mov $0x1234, %eax
  xor %ecx, %ecx
  sub $1, %ebx
  jnz outer
  mov $9, %ecx
spin:
  dec %ecx
  js done
  jmp spin
done:
  mov $1, %eax
  mov $1, %edi
  lea text(%rip), %rsi
  mov $5, %edx
  syscall
  mov $60, %eax
  mov $7, %edi
  syscall
twice:
  shl $1, %esi
  add %esi, total(%rip)
  ret
  .data
total: .long 0
saved: .quad 0
text: .ascii "done\n"
  .bss
buffer: .skip 64
  .section .note.GNU-stack,"",@progbits
