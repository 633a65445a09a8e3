/* bpf: maps and programs within the kernel, and all that it tells of them. */
#include "../tickproof.h"

#include <errno.h>
#include <linux/bpf.h>
#include <sys/socket.h>

static long bpf(int command, union bpf_attr *attributes) {
  return syscall(SYS_bpf, command, attributes, sizeof(*attributes));
}

static int made(int type, unsigned key, unsigned value) {
  union bpf_attr attr = {.map_type = type, .key_size = key, .value_size = value, .max_entries = 8};
  return bpf(BPF_MAP_CREATE, &attr);
}

static void update(int map, const void *key, const void *value) {
  union bpf_attr attr = {.map_fd = map, .key = (uintptr_t)key, .value = (uintptr_t)value};
  CHECK(bpf(BPF_MAP_UPDATE_ELEM, &attr) == 0);
}

static long ask(int command, int map, const void *key, void *into) {
  union bpf_attr attr = {.map_fd = map, .key = (uintptr_t)key, .value = (uintptr_t)into};
  return bpf(command, &attr);
}

static uint64_t hash(const void *bytes, size_t length) {
  uint64_t all = 0;
  for (size_t i = 0; i < length; i++) all = mix(all, ((const unsigned char *)bytes)[i]);
  return all;
}

static void elements(const char *what, int type, unsigned value_size) {
  static char value[1 << 16], key[64];
  const int map = made(type, 4, value_size);
  if (map < 0) {
    printf("%s: %d\n", what, errno);
    return;
  }
  for (unsigned k = 0; k < 4; k++) {
    memset(value, 'a' + k, sizeof(value));
    update(map, &k, value);
  }
  uint64_t all = 0;
  memset(key, 0, sizeof(key));
  for (long more = ask(BPF_MAP_GET_NEXT_KEY, map, NULL, key); more == 0; more = ask(BPF_MAP_GET_NEXT_KEY, map, key, key)) {
    memset(value, 0, sizeof(value));
    CHECK(ask(BPF_MAP_LOOKUP_ELEM, map, key, value) == 0);
    all += hash(value, sizeof(value)) + *(unsigned *)key;
  }
  printf("%s: %lx\n", what, all);
  const unsigned none = 99;
  CHECK(ask(BPF_MAP_LOOKUP_ELEM, map, &none, value) < 0 && errno == ENOENT);
  struct bpf_map_info info = {0};
  union bpf_attr attr = {.info = {.bpf_fd = map, .info_len = sizeof(info), .info = (uintptr_t)&info}};
  CHECK(bpf(BPF_OBJ_GET_INFO_BY_FD, &attr) == 0 && info.value_size == value_size && info.type == (unsigned)type);
  close(map);
}

static void many(void) {
  unsigned keys[8], batch = 0;
  uint64_t values[8];
  const int map = made(BPF_MAP_TYPE_ARRAY, 4, 8);
  CHECK(map >= 0);
  for (unsigned k = 0; k < 8; k++) update(map, &k, &(uint64_t){k * 1000003});
  memset(keys, 0, sizeof(keys)), memset(values, 0, sizeof(values));
  union bpf_attr attr = {.batch = {.out_batch = (uintptr_t)&batch,
                                   .keys = (uintptr_t)keys,
                                   .values = (uintptr_t)values,
                                   .count = 5,
                                   .map_fd = map}};
  const long result = bpf(BPF_MAP_LOOKUP_BATCH, &attr);
  printf("a batch: %ld, %u of them up to %u, %lx\n", result, attr.batch.count, batch, hash(values, sizeof(values)));
  close(map);
}

/* A filter that counts packets in a map, and lets all through. */
static void program(void) {
  const int map = made(BPF_MAP_TYPE_ARRAY, 4, 8);
  CHECK(map >= 0);
  const struct bpf_insn code[] = {
    {.code = BPF_ST | BPF_MEM | BPF_W, .dst_reg = BPF_REG_10, .off = -4, .imm = 0},
    {.code = BPF_LD | BPF_DW | BPF_IMM, .dst_reg = BPF_REG_1, .src_reg = BPF_PSEUDO_MAP_FD, .imm = map},
    {0},
    {.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = BPF_REG_2, .src_reg = BPF_REG_10},
    {.code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = BPF_REG_2, .imm = -4},
    {.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_map_lookup_elem},
    {.code = BPF_JMP | BPF_JEQ | BPF_K, .dst_reg = BPF_REG_0, .off = 2, .imm = 0},
    {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_1, .imm = 1},
    {.code = BPF_STX | BPF_ATOMIC | BPF_DW, .dst_reg = BPF_REG_0, .src_reg = BPF_REG_1, .imm = BPF_ADD},
    {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 0xffff},
    {.code = BPF_JMP | BPF_EXIT},
  };
  static char log[65536];
  union bpf_attr attr = {.prog_type = BPF_PROG_TYPE_SOCKET_FILTER,
                         .insn_cnt = sizeof(code) / sizeof(code[0]),
                         .insns = (uintptr_t)code,
                         .license = (uintptr_t)"GPL",
                         .log_level = 1,
                         .log_size = sizeof(log),
                         .log_buf = (uintptr_t)log};
  const int filter = bpf(BPF_PROG_LOAD, &attr);
  if (filter < 0) {
    printf("a program: %d\n", errno);
    return;
  }
  struct bpf_prog_info info = {0};
  unsigned ids[4] = {0};
  char translated[1024] = "";
  info.nr_map_ids = 4, info.map_ids = (uintptr_t)ids;
  info.xlated_prog_len = sizeof(translated), info.xlated_prog_insns = (uintptr_t)translated;
  union bpf_attr about = {.info = {.bpf_fd = filter, .info_len = sizeof(info), .info = (uintptr_t)&info}};
  CHECK(bpf(BPF_OBJ_GET_INFO_BY_FD, &about) == 0);
  printf("a program of %u bytes with %u maps\n", info.xlated_prog_len, info.nr_map_ids);
  CHECK(ids[0] != 0 && hash(translated, info.xlated_prog_len) != 0);

  char packet[64] = "a packet that is tested", out[64] = "";
  union bpf_attr test = {.test = {.prog_fd = filter,
                                  .data_size_in = sizeof(packet),
                                  .data_size_out = sizeof(out),
                                  .data_in = (uintptr_t)packet,
                                  .data_out = (uintptr_t)out,
                                  .repeat = 1}};
  const long tested = bpf(BPF_PROG_TEST_RUN, &test);
  printf("tested: %ld, %x, %.40s\n", tested, test.test.retval, out + 14);

  int pair[2];
  CHECK(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) == 0);
  CHECK(setsockopt(pair[1], SOL_SOCKET, SO_ATTACH_BPF, &filter, sizeof(filter)) == 0);
  for (int i = 0; i < 3; i++) CHECK(write(pair[0], "x", 1) == 1);
  uint64_t count = 0;
  CHECK(ask(BPF_MAP_LOOKUP_ELEM, map, &(unsigned){0}, &count) == 0);
  printf("packets: %lu\n", count);
}

int main(void) {
  if (made(BPF_MAP_TYPE_HASH, 4, 8) < 0) {
    printf("no maps here: %d\n", errno);
    return succeed();
  }
  elements("a hash", BPF_MAP_TYPE_HASH, 24);
  elements("an array", BPF_MAP_TYPE_ARRAY, 4000);
  elements("a hash for each processor", BPF_MAP_TYPE_PERCPU_HASH, 12);
  elements("an array for each processor", BPF_MAP_TYPE_PERCPU_ARRAY, 100);
  elements("the last used", BPF_MAP_TYPE_LRU_HASH, 8);
  many();
  program();
  return succeed();
}
