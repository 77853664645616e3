#include "adapters/web/give_way.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <utility>

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

namespace tradepulse::web {
namespace {

using duration = give_way::duration;

// Chosen by scripts/benchmark returning (docs/performance.md). The second lets a thread that hardly
// ever waits go on at once.
constexpr int most_of_what_ran = 3;
constexpr int most_of_what_waited = 32;

class schedstat {
 public:
  schedstat() : file_(::open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC)) {}
  ~schedstat() {
    if (file_ >= 0)
      ::close(file_);
  }
  schedstat(const schedstat&) = delete;
  schedstat& operator=(const schedstat&) = delete;

  // The second of three numbers, ns. Negative: not known.
  std::int64_t waited() const {
    char text[96];
    const auto length = file_ < 0 ? -1 : ::pread(file_, text, sizeof text, 0);
    const char* const end = text + std::max<ssize_t>(length, 0);
    const char* const second = std::find(static_cast<const char*>(text), end, ' ');
    std::int64_t out = -1;
    if (second != end)
      std::from_chars(second + 1, end, out);
    return out;
  }

 private:
  int file_;
};

} // namespace

processor_use processor_use_of_this_thread() {
  thread_local const schedstat told;
  timespec used{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  const auto ran = std::chrono::seconds{used.tv_sec} + duration{used.tv_nsec};
  const auto waited = told.waited();
  return {ran, waited < 0 ? duration{ran} : duration{waited}};
}

duration give_way::owed(const processor_use& use, duration now) noexcept {
  if (now - std::exchange(last_piece_, now) > forgotten) {
    last_ = use;
    return duration{0};
  }
  const auto rest = std::min({longest, most_of_what_ran * (use.ran - last_.ran),
                              most_of_what_waited * (use.waited - last_.waited)});
  if (rest < shortest)
    return duration{0};
  last_ = use;
  last_piece_ += rest;
  return rest;
}

} // namespace tradepulse::web
