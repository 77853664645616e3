#include "runtime/commands/progress.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace tradepulse {
namespace {

std::string with_thousands(std::uint64_t number) {
  auto digits = std::to_string(number);
  for (auto at = digits.size(); at > 3;)
    digits.insert(at -= 3, 1, ',');
  return digits;
}

std::string as_clock(std::chrono::seconds time) {
  char text[64];
  const auto s = static_cast<long long>(time.count());
  if (s >= 3600)
    std::snprintf(text, sizeof text, "%lld:%02lld:%02lld", s / 3600, s / 60 % 60, s % 60);
  else
    std::snprintf(text, sizeof text, "%lld:%02lld", s / 60, s % 60);
  return text;
}

} // namespace

std::string to_text(const progress& p) {
  const double seconds = std::max(std::chrono::duration<double>(p.elapsed).count(), 1e-9);
  const auto rate = static_cast<std::uint64_t>(static_cast<double>(p.done) / seconds);
  auto out = with_thousands(p.done) + " records, " + with_thousands(rate) + "/s";
  if (p.total_bytes == 0 || p.position_bytes == 0)
    return out;
  const double share =
      std::min(static_cast<double>(p.position_bytes) / static_cast<double>(p.total_bytes), 1.0);
  char percent[32];
  std::snprintf(percent, sizeof percent, ", %.1f %%", share * 100);
  const auto left =
      std::chrono::seconds(static_cast<long long>(seconds * (1 - share) / share + 0.5));
  return out + percent + ", " + as_clock(left) + " left";
}

progress_display::progress_display()
    : terminal_(::isatty(STDERR_FILENO) == 1),
      next_(clock::now() + std::chrono::seconds(terminal_ ? 1 : 10)) {}

progress_display::~progress_display() {
  if (line_open_)
    std::fputc('\n', stderr);
}

void progress_display::show(const progress& p, clock::time_point now) {
  const auto text = to_text(p);
  if (terminal_)
    std::fprintf(stderr, "\r%s\033[K", text.c_str());
  else
    std::fprintf(stderr, "%s\n", text.c_str());
  line_open_ = terminal_;
  next_ = now + std::chrono::milliseconds(terminal_ ? 500 : 10'000);
}

} // namespace tradepulse
