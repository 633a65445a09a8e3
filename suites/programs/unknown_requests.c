/*
 * Requests that no table of the engine has, and calls that could not be recorded if they succeeded: where the kernel
 * refuses them, its error is the answer, and what it wrote is there.
 */
#include "../tickproof.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <sys/ioctl.h>
#include <sys/reboot.h>
#include <sys/socket.h>

/* SIOCGIWNAME (linux/wireless.h), which browsers ask of each network interface. */
enum { WIRELESS_NAME = 0x8b01 };
/* One of an old style, of graphics cards, of KVM, of a network driver's own (SIOCDEVPRIVATE). */
static const unsigned long UNKNOWN[] = {0x1234, 0xc0106400, 0xae01, 0x89f0, 0x5331};

static void refused(const char *what, long result) {
  printf("%s: %ld %d\n", what, result, result < 0 ? errno : 0);
  CHECK((int)result < 0);
}

static void kernel_programs(void) {
  static char log[4096];
  const struct bpf_insn nothing = {0};
  union bpf_attr attr = {
    .prog_type = BPF_PROG_TYPE_SOCKET_FILTER,
    .insn_cnt = 1,
    .insns = (uintptr_t)&nothing,
    .license = (uintptr_t)"none",
    .log_level = 1,
    .log_size = sizeof(log),
    .log_buf = (uintptr_t)log,
  };
  refused("no command of bpf", syscall(SYS_bpf, 9999, &attr, sizeof(attr)));
  refused("a map of no kind", syscall(SYS_bpf, BPF_MAP_CREATE, &(union bpf_attr){.map_type = 9999}, sizeof(attr)));
  refused("a program without an end", syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr)));
  uint64_t told = 0;
  for (unsigned i = 0; i < sizeof(log); i++) told = mix(told, log[i]);
  printf("why: %lx\n", told);
}

static void machine(void) {
  char table[64] = "nothing";
  printf("its own segments: %ld\n", syscall(SYS_modify_ldt, 0, table, sizeof(table)));
  refused("no function of modify_ldt", syscall(SYS_modify_ldt, 9, table, sizeof(table)));
  refused("a segment of no size", syscall(SYS_modify_ldt, 1, table, 1));
  refused("no reboot", syscall(SYS_reboot, 1, 2, RB_AUTOBOOT, 0));
}

int main(void) {
  int fds[] = {open("/dev/null", O_RDWR), socket(AF_UNIX, SOCK_STREAM, 0), open("/", O_RDONLY)};
  for (unsigned i = 0; i < 3; i++) {
    for (unsigned k = 0; k < sizeof(UNKNOWN) / sizeof(UNKNOWN[0]); k++) {
      char argument[4096] = "no interface";
      errno = 0;
      CHECK(ioctl(fds[i], UNKNOWN[k], argument) == -1);
      printf("%u %lx %d\n", i, UNKNOWN[k], errno);
      CHECK(strcmp(argument, "no interface") == 0);
    }
  }
  int any = socket(AF_INET, SOCK_DGRAM, 0);
  char name[40] = "lo";
  CHECK(ioctl(any, WIRELESS_NAME, name) == -1);
  printf("%d\n", errno);
  /* An option that could not be recorded of a socket that had it. */
  CHECK(setsockopt(any, 263 /* SOL_PACKET */, 5 /* PACKET_RX_RING */, name, 4) == -1);
  printf("%d\n", errno);
  /* Of an old style, which say no size: some file systems have them (EXT4_IOC_MIGRATE, EXT4_IOC_ALLOC_DA_BLKS), and of virtual
     machines what can be asked for. */
  int file = open("unknown_requests.file", O_RDWR | O_CREAT, 0600), machines = open("/dev/kvm", O_RDWR);
  CHECK(file >= 0);
  for (unsigned request = 0x6600; request < 0x6640; request++) {
    char argument[256] = "as it was";
    errno = 0;
    int result = ioctl(file, request, argument);
    printf("%x: %d %d %s\n", request, result, errno, argument);
  }
  printf("KVM: %d\n", ioctl(machines, 0xae00, 0));
  unlink("unknown_requests.file");
  kernel_programs();
  machine();
  return succeed();
}
