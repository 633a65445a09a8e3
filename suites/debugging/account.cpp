// A program with classes, templates, containers and an exception, for a session of gdb.
#include <cstdio>
#include <stdexcept>
#include <string>
#include <vector>

struct Account {
  std::string owner;
  long balance;
  void take(long amount) {
    if (amount > balance) throw std::runtime_error("too much");
    balance -= amount;
  }
};

template <typename T> T twice(T value) { return value + value; }

int main() {
  Account account{"mine", 10};
  std::vector<long> amounts{3, 4, 20};
  try {
    for (long amount : amounts) account.take(amount);
  } catch (const std::exception &error) {
    std::puts(error.what());
  }
  std::printf("%s %ld %d\n", account.owner.c_str(), account.balance, twice(21));
  return 0;
}
