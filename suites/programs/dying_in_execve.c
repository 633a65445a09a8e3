/* Programs that the kernel kills while it executes them, or at their first instruction; and files that it refuses. */
#include "../tickproof.h"

#include <elf.h>
#include <errno.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* exit_group(42) */
static const unsigned char CODE[] = {0xb8, 0xe7, 0, 0, 0, 0xbf, 42, 0, 0, 0, 0x0f, 0x05};

enum { TEXT = 0x401000, DATA = 0x405000, PAGE = 0x1000 };

struct shape {
  const char *name;
  uint64_t entry;
  uint32_t text_flags;
  uint64_t data_at, data_size;
  uint32_t data_flags;
  long cut;                /* length of the file; all of it if 0 */
  const char *interpreter; /* none if NULL */
};

static const struct shape SHAPES[] = {
  {"whole", TEXT, PF_R | PF_X, DATA, PAGE, PF_R | PF_W, 0, NULL},
  {"begins at 0", 0, PF_R | PF_X, DATA, PAGE, PF_R | PF_W, 0, NULL},
  {"begins behind its text", TEXT + PAGE, PF_R | PF_X, DATA, PAGE, PF_R | PF_W, 0, NULL},
  {"begins at the last byte", TEXT + PAGE - 1, PF_R | PF_X, DATA, PAGE, PF_R | PF_W, 0, NULL},
  {"begins in data", DATA, PF_R | PF_X, DATA, PAGE, PF_R | PF_W, 0, NULL},
  {"begins in the kernel's half", 1UL << 47, PF_R | PF_X, DATA, PAGE, PF_R | PF_W, 0, NULL},
  {"begins nowhere", 0xdead000000000000, PF_R | PF_X, DATA, PAGE, PF_R | PF_W, 0, NULL},
  {"is not executable", TEXT, PF_R, DATA, PAGE, PF_R | PF_W, 0, NULL},
  {"is writable", TEXT, PF_R | PF_W, DATA, PAGE, PF_R | PF_W, 0, NULL},
  {"has data over its text", TEXT, PF_R | PF_X, TEXT, PAGE, PF_R | PF_W, 0, NULL},
  {"has text over its text", TEXT, PF_R | PF_W, TEXT, PAGE, PF_R | PF_X, 0, NULL},
  {"has 4 TB of zeros", TEXT, PF_R | PF_X, DATA, 4UL << 40, PF_R | PF_W, 0, NULL},
  {"has more zeros than there are addresses", TEXT, PF_R | PF_X, DATA, 1UL << 62, PF_R | PF_W, 0, NULL},
  {"lies too high", TEXT, PF_R | PF_X, 1UL << 47, PAGE, PF_R | PF_W, 0, NULL},
  {"is cut in its header", TEXT, PF_R | PF_X, DATA, PAGE, PF_R | PF_W, 40, NULL},
  {"is cut before its text", TEXT, PF_R | PF_X, DATA, PAGE, PF_R | PF_W, PAGE, NULL},
  {"is cut before its data", TEXT, PF_R | PF_X, DATA, PAGE, PF_R | PF_W, 2 * PAGE, NULL},
  {"is cut before its zeros", TEXT, PF_R | PF_X, DATA, 2 * PAGE, PF_R | PF_W, 2 * PAGE, NULL},
  {"has an interpreter that is missing", TEXT, PF_R | PF_X, DATA, PAGE, PF_R | PF_W, 0, "/no/such/interpreter"},
  {"has an interpreter that is none", TEXT, PF_R | PF_X, DATA, PAGE, PF_R | PF_W, 0, "/proc/self/comm"},
};

static char path[64];

static void write_program(const struct shape *shape) {
  static unsigned char file[4 * PAGE];
  memset(file, 0, sizeof(file));
  Elf64_Ehdr header = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
                       .e_type = ET_EXEC, .e_machine = EM_X86_64, .e_version = EV_CURRENT,
                       .e_entry = shape->entry, .e_phoff = sizeof(header), .e_ehsize = sizeof(header),
                       .e_phentsize = sizeof(Elf64_Phdr), .e_phnum = shape->interpreter ? 3 : 2};
  const uint64_t kept = shape->data_size < PAGE ? shape->data_size : shape->data_size == PAGE ? PAGE : 0x800;
  Elf64_Phdr parts[3] = {
    {.p_type = PT_LOAD, .p_flags = shape->text_flags, .p_offset = PAGE, .p_vaddr = TEXT, .p_filesz = PAGE,
     .p_memsz = PAGE, .p_align = PAGE},
    {.p_type = PT_LOAD, .p_flags = shape->data_flags, .p_offset = 2 * PAGE, .p_vaddr = shape->data_at,
     .p_filesz = kept, .p_memsz = shape->data_size, .p_align = PAGE},
    {.p_type = PT_INTERP, .p_flags = PF_R, .p_offset = 3 * PAGE, .p_align = 1},
  };
  if (shape->interpreter) {
    parts[2].p_filesz = parts[2].p_memsz = strlen(shape->interpreter) + 1;
    memcpy(file + 3 * PAGE, shape->interpreter, parts[2].p_filesz);
  }
  memcpy(file, &header, sizeof(header));
  memcpy(file + sizeof(header), parts, header.e_phnum * sizeof(parts[0]));
  memcpy(file + PAGE, CODE, sizeof(CODE));
  FILE *out = fopen(path, "w");
  const size_t length = shape->cut ? (size_t)shape->cut : sizeof(file);
  CHECK(out && fwrite(file, 1, length, out) == length && fclose(out) == 0 && chmod(path, 0755) == 0);
}

static void execute(void) {
  execl(path, path, NULL);
  printf("refused: %s, ", strerror(errno));
  fflush(stdout);
  _exit(99);
}

static void *execute_in_thread(void *unused) {
  (void)unused;
  execute();
  return NULL;
}

static void try(const char *how, int in_thread) {
  fflush(stdout);
  const pid_t pid = fork();
  if (pid == 0) {
    pthread_t thread;
    if (!in_thread) execute();
    CHECK(pthread_create(&thread, NULL, execute_in_thread, NULL) == 0);
    for (;;) pause();
  }
  int status;
  CHECK(waitpid(pid, &status, 0) == pid);
  if (WIFSIGNALED(status)) printf("%s: died of signal %d\n", how, WTERMSIG(status));
  else printf("%s: exited with %d\n", how, WEXITSTATUS(status));
}

static void write_script(const char *interpreter) {
  FILE *out = fopen(path, "w");
  CHECK(out && fprintf(out, "#!%s\n", interpreter) > 0 && fclose(out) == 0 && chmod(path, 0755) == 0);
}

int main(void) {
  snprintf(path, sizeof(path), "/tmp/tickproof-dying-%d", getpid());
  for (size_t i = 0; i < sizeof(SHAPES) / sizeof(SHAPES[0]); i++) {
    write_program(&SHAPES[i]);
    printf("a program that %s\n", SHAPES[i].name);
    try("  the process", 0);
    try("  a thread", 1);
  }
  const char *const interpreters[] = {"/no/such/interpreter", "/tmp", "/proc/self/comm", path};
  for (size_t i = 0; i < sizeof(interpreters) / sizeof(interpreters[0]); i++) {
    write_script(interpreters[i]);
    printf("a script, interpreter %zu\n", i);
    try("  the process", 0);
    try("  a thread", 1);
  }
  unlink(path);
  return succeed();
}
