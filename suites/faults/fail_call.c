/*
 * fail_call reads|writes ERRNO FROM TO FILE FOLDER COMMAND ARGS…: runs a command, and lets the FROMth to TOth (from 1) of the
 * calls fail by which its own process reads, or writes, what lies below FOLDER. Writes to FILE which process that is, and what
 * these calls were, one a line. FROM 0 lets none fail.
 */
#include "../supervise.h"
#include <limits.h>

/* The calls, and which of their arguments say where: a path behind the descriptor of a folder, or a descriptor alone. */
struct Call {
  int number, folder, path, fd;
  const char *name;
};
static const struct Call WRITES[] = {
    {SYS_openat, 0, 1, -1, "openat"},         {SYS_open, -1, 0, -1, "open"},
    {SYS_mkdir, -1, 0, -1, "mkdir"},          {SYS_mkdirat, 0, 1, -1, "mkdirat"},
    {SYS_rename, -1, 1, -1, "rename"},        {SYS_renameat, 2, 3, -1, "renameat"},
    {SYS_renameat2, 2, 3, -1, "renameat2"},   {SYS_link, -1, 1, -1, "link"},
    {SYS_linkat, 2, 3, -1, "linkat"},         {SYS_symlink, -1, 1, -1, "symlink"},
    {SYS_symlinkat, 1, 2, -1, "symlinkat"},   {SYS_chmod, -1, 0, -1, "chmod"},
    {SYS_fchmodat, 0, 1, -1, "fchmodat"},     {SYS_utimensat, 0, 1, -1, "utimensat"},
    {SYS_write, -1, -1, 0, "write"},          {SYS_pwrite64, -1, -1, 0, "pwrite64"},
    {SYS_writev, -1, -1, 0, "writev"},        {SYS_pwritev, -1, -1, 0, "pwritev"},
    {SYS_ftruncate, -1, -1, 0, "ftruncate"},  {SYS_fallocate, -1, -1, 0, "fallocate"},
    {SYS_fsync, -1, -1, 0, "fsync"},          {SYS_fdatasync, -1, -1, 0, "fdatasync"},
    {SYS_fchmod, -1, -1, 0, "fchmod"},        {SYS_copy_file_range, -1, -1, 2, "copy_file_range"},
    {SYS_sendfile, -1, -1, 0, "sendfile"},    {SYS_ioctl, -1, -1, 0, "ioctl"},
};
static const struct Call READS[] = {
    {SYS_openat, 0, 1, -1, "openat"},       {SYS_open, -1, 0, -1, "open"},
    {SYS_read, -1, -1, 0, "read"},          {SYS_pread64, -1, -1, 0, "pread64"},
    {SYS_readv, -1, -1, 0, "readv"},        {SYS_preadv, -1, -1, 0, "preadv"},
    {SYS_getdents64, -1, -1, 0, "getdents64"}, {SYS_fstat, -1, -1, 0, "fstat"},
    {SYS_newfstatat, 0, 1, -1, "newfstatat"}, {SYS_statx, 0, 1, -1, "statx"},
    {SYS_lseek, -1, -1, 0, "lseek"},        {SYS_copy_file_range, -1, -1, 0, "copy_file_range"},
};

static const struct Call *calls;
static size_t call_count;
static int error, first, last, met;
static FILE *list;
static char folder[PATH_MAX];

/* Where a link of /proc leads, or "". */
static void follow(char *target, const char *format, int pid, int fd) {
  char link[64];
  snprintf(link, sizeof(link), format, pid, fd);
  ssize_t length = readlink(link, target, PATH_MAX - 1);
  target[length < 0 ? 0 : length] = 0;
}

/* What a call is about, or "": the name that it gives, below the folder that it is in. */
static void place_of(const struct seccomp_notif *call, const struct Call *what, char *place) {
  const __u64 *args = call->data.args;
  place[0] = 0;
  if (what->fd >= 0) {
    follow(place, "/proc/%d/fd/%d", (int)call->pid, (int)args[what->fd]);
    return;
  }
  char name[64], path[PATH_MAX] = "";
  snprintf(name, sizeof(name), "/proc/%u/mem", call->pid);
  int memory = open(name, O_RDONLY | O_CLOEXEC);
  if (memory < 0) return;
  /* As much as there is up to the end of the mapping. */
  ssize_t length = pread(memory, path, sizeof(path) - 1, (off_t)args[what->path]);
  close(memory);
  path[length < 0 ? 0 : length] = 0;
  if (path[0] == '/') {
    strcpy(place, path);
    return;
  }
  char base[PATH_MAX];
  int fd = what->folder < 0 ? AT_FDCWD : (int)args[what->folder];
  follow(base, fd == AT_FDCWD ? "/proc/%d/cwd" : "/proc/%d/fd/%d", (int)call->pid, fd);
  if (path[0] == 0) strcpy(place, base);
  else if (snprintf(place, PATH_MAX, "%s/%s", base, path) >= PATH_MAX) place[0] = 0;
}

static int may_fail(const struct seccomp_notif *call, int process, int child) {
  if (process != child) return 0;
  if (ftell(list) == 0) fprintf(list, "%d\n", child);
  const struct Call *what = NULL;
  for (size_t i = 0; i < call_count; i++)
    if (calls[i].number == call->data.nr) what = &calls[i];
  if (!what) return 0;
  int is_open = what->number == SYS_openat || what->number == SYS_open;
  int for_writing = is_open && (call->data.args[what->path + 1] & (O_ACCMODE | O_CREAT)) != O_RDONLY;
  if (is_open && for_writing != (calls == WRITES)) return 0;
  /* FICLONE of linux/fs.h alone writes. */
  if (what->number == SYS_ioctl && call->data.args[1] != 0x40049409) return 0;
  /* The standard streams are not its files. */
  if (what->fd >= 0 && call->data.args[what->fd] <= 2) return 0;
  char place[PATH_MAX];
  place_of(call, what, place);
  size_t length = strlen(folder);
  if (strncmp(place, folder, length) != 0 || place[length] != '/') return 0;
  met++;
  fprintf(list, "%s %s\n", what->name, place + length + 1);
  return met >= first && met <= last ? error : 0;
}

int main(int count, char **arguments) {
  CHECK(count > 7);
  int writes = strcmp(arguments[1], "writes") == 0;
  CHECK(writes || strcmp(arguments[1], "reads") == 0);
  calls = writes ? WRITES : READS;
  call_count = writes ? sizeof(WRITES) / sizeof(WRITES[0]) : sizeof(READS) / sizeof(READS[0]);
  error = atoi(arguments[2]);
  first = atoi(arguments[3]);
  last = first == 0 ? 0 : atoi(arguments[4]);
  list = fopen(arguments[5], "w");
  CHECK(error > 0 && list && fcntl(fileno(list), F_SETFD, FD_CLOEXEC) == 0 && realpath(arguments[6], folder));
  struct sock_filter code[2 * sizeof(WRITES) / sizeof(WRITES[0]) + 4], *next = code;
  *next++ = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0);
  for (size_t i = 0; i < call_count; i++) {
    *next++ = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)calls[i].number, 0, 1);
    *next++ = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF);
  }
  *next++ = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_execve, 0, 1);
  *next++ = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF);
  *next++ = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  int end = supervise(arguments + 7, (struct sock_fprog){(unsigned short)(next - code), code}, may_fail);
  CHECK(fclose(list) == 0);
  return end;
}
