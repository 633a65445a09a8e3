/* Names in folders: hard and symbolic links, exchanged and kept names, a file that gets its name last,
 * attributes, open folders. */
#include "../tickproof.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>

static int names(int folder) {
  DIR *listing = fdopendir(openat(folder, ".", O_RDONLY | O_DIRECTORY));
  CHECK(listing);
  int count = 0;
  for (struct dirent *entry; (entry = readdir(listing));) count += entry->d_name[0] != '.';
  rewinddir(listing);
  CHECK(closedir(listing) == 0);
  return count;
}

int main(void) {
  char path[] = "/tmp/tickproof-XXXXXX", text[64];
  CHECK(mkdtemp(path));
  const int folder = open(path, O_RDONLY | O_DIRECTORY);
  const int one = openat(folder, "one", O_RDWR | O_CREAT | O_EXCL, 0640);
  CHECK(one >= 0 && openat(folder, "one", O_CREAT | O_EXCL, 0) < 0 && errno == EEXIST);
  CHECK(linkat(folder, "one", folder, "two", 0) == 0 && symlinkat("one", folder, "three") == 0);
  CHECK(readlinkat(folder, "three", text, sizeof(text)) == 3 && memcmp(text, "one", 3) == 0);
  struct stat status;
  CHECK(fstatat(folder, "two", &status, 0) == 0 && status.st_nlink == 2 && (status.st_mode & 0777) == 0640);
  CHECK(fstatat(folder, "three", &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(status.st_mode));
  CHECK(renameat2(folder, "one", folder, "two", RENAME_NOREPLACE) < 0 && errno == EEXIST);
  CHECK(mkdirat(folder, "four", 0700) == 0);
  if (renameat2(folder, "three", folder, "four", RENAME_EXCHANGE) == 0)
    CHECK(fstatat(folder, "three", &status, 0) == 0 && S_ISDIR(status.st_mode));
  else
    CHECK(errno == EINVAL && renameat(folder, "three", folder, "five") == 0 &&
          renameat(folder, "four", folder, "three") == 0 && renameat(folder, "five", folder, "four") == 0);
  const int nameless = openat(folder, ".", O_TMPFILE | O_RDWR, 0600);
  int count = 4;
  if (nameless >= 0) {
    CHECK(write(nameless, "late", 4) == 4);
    snprintf(text, sizeof(text), "/proc/self/fd/%d", nameless);
    CHECK(linkat(AT_FDCWD, text, folder, "late", AT_SYMLINK_FOLLOW) == 0);
    count++;
  }
  CHECK(names(folder) == count);
  if (fsetxattr(one, "user.colour", "green", 5, XATTR_CREATE) == 0) {
    CHECK(fgetxattr(one, "user.colour", NULL, 0) == 5 && fgetxattr(one, "user.colour", text, 2) < 0 &&
          errno == ERANGE);
    CHECK(flistxattr(one, text, sizeof(text)) >= 12 && fremovexattr(one, "user.colour") == 0);
    CHECK(fgetxattr(one, "user.colour", text, sizeof(text)) < 0 && errno == ENODATA);
  }
  const struct timespec times[2] = {{1000, 5}, {0, UTIME_OMIT}};
  CHECK(utimensat(folder, "two", times, 0) == 0 && fstat(one, &status) == 0 && status.st_atim.tv_sec == 1000);
  struct statx extended;
  CHECK(statx(folder, "two", 0, STATX_BASIC_STATS, &extended) == 0 && extended.stx_nlink == 2);
  CHECK(unlinkat(folder, "three", AT_REMOVEDIR) == 0);
  const char *rest[] = {"one", "two", "four", "late"};
  for (int i = 0; i < count - 1; i++) CHECK(unlinkat(folder, rest[i], 0) == 0);
  CHECK(rmdir(path) == 0 && names(folder) == 0 && openat(folder, "x", O_CREAT | O_RDWR, 0600) < 0 &&
        errno == ENOENT);
  return succeed();
}
