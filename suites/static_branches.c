/* Conditional branches of every kind. It has no libc, so that what it executes depends on nothing but its
 * own text: valgrind and tickproof must count the same. Two things are kept out of it, with which valgrind
 * miscounts: rep instructions (it counts their turns; see special_branches.S), and branches on constants
 * that are loaded right before them (its translation drops those): all numbers come from memory. */

static long call(long number, long a, long b, long c) {
  long result;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c)
                   : "rcx", "r11", "memory");
  return result;
}

enum { WRITE = 1, EXIT = 60, SIZE = 3000 };

static unsigned char sieve[SIZE];
static volatile long depth = 15, turns_indirect = 5000, turns_loop = 1000, turns_jrcxz = 50;

/* Loops and branches as a compiler makes them. */
static int primes(void) {
  int count = 0;
  for (int n = 2; n < SIZE; n++) {
    if (sieve[n]) continue;
    count++;
    for (int multiple = 2 * n; multiple < SIZE; multiple += n) sieve[multiple] = 1;
  }
  return count;
}

/* Many ways to reach a branch: recursion, a jump table, indirect calls. */
static int fibonacci(int n) { return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2); }
static int twice(int n) { return 2 * n; }
static int square(int n) { return n * n; }

static int indirect(int turns) {
  static int (*const ways[])(int) = {fibonacci, twice, square};
  int sum = 0;
  for (int i = 0; i < turns; i++) {
    switch (i % 7) {
      case 0: sum += ways[i % 3](i % 9); break;
      case 1: sum ^= 3; break;
      case 2: sum += 5; break;
      case 3: sum -= i; break;
      case 4: sum = -sum; break;
      default: sum += sum > 0 ? -1 : 1;
    }
  }
  return sum;
}

/* The conditional branches that no compiler makes. */
static long special(void) {
  long sum = 0;
  __asm__ volatile(
      "mov %[turns], %%rcx\n"
      "1: add %%rcx, %[sum]\n"
      "   loop 1b\n"
      "   mov %[turns], %%rcx\n"
      "2: cmp $7, %%rcx\n"
      "   loopne 2b\n"
      "   mov %[few], %%rcx\n"
      "3: jrcxz 4f\n"
      "   dec %%rcx\n"
      "   jmp 3b\n"
      "4: jecxz 5f\n"
      "   ud2\n"
      "5:\n"
      : [sum] "+r"(sum)
      : [turns] "m"(turns_loop), [few] "m"(turns_jrcxz)
      : "rcx", "cc");
  return sum;
}

__attribute__((force_align_arg_pointer, used)) void _start(void) {
  unsigned long sum = (unsigned long)primes() * 31 + (unsigned long)fibonacci((int)depth);
  sum = sum * 31 + (unsigned long)indirect((int)turns_indirect);
  sum = sum * 31 + (unsigned long)special();
  char text[17];
  for (int digit = 0; digit < 16; digit++) text[digit] = "0123456789abcdef"[sum >> (60 - 4 * digit) & 15];
  text[16] = '\n';
  call(WRITE, 1, (long)text, sizeof(text));
  call(EXIT, 0, 0, 0);
  __builtin_unreachable();
}
