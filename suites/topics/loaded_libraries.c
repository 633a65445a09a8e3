/* Libraries that are loaded while threads run: their constructors, thread-local memory, symbols, and their
 * end. */
#include "../tickproof.h"

#include <dlfcn.h>
#include <link.h>

enum { THREADS = 3, ROUNDS = 5 };

static int count(struct dl_phdr_info *info, size_t size, void *found) {
  (void)info, (void)size;
  ++*(int *)found;
  return 0;
}

static void *load(void *name) {
  for (int i = 0; i < ROUNDS; i++) {
    void *library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    if (!library) return (void *)1;
    CHECK(dlsym(library, "no_such_symbol") == NULL && dlerror() != NULL);
    double (*cosine)(double) = (double (*)(double))dlsym(library, "cos");
    if (cosine) {
      CHECK(cosine(0) == 1);
      Dl_info info;
      CHECK(dladdr((void *)cosine, &info) && strstr(info.dli_fname, "libm"));
    }
    CHECK(dlclose(library) == 0);
  }
  return NULL;
}

int main(void) {
  int before = 0, after = 0;
  CHECK(dl_iterate_phdr(count, &before) == 0 && before >= 2);
  char *names[THREADS] = {"libm.so.6", "libresolv.so.2", "libm.so.6"};
  pthread_t threads[THREADS];
  for (int i = 0; i < THREADS; i++) CHECK(pthread_create(&threads[i], NULL, load, names[i]) == 0);
  for (int i = 0; i < THREADS; i++) {
    void *missing;
    CHECK(pthread_join(threads[i], &missing) == 0 && !missing);
  }
  CHECK(dlopen("/none/libnone.so", RTLD_LAZY) == NULL);
  CHECK(dl_iterate_phdr(count, &after) == 0 && after >= before);
  return succeed();
}
