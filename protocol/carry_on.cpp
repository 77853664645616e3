#include "protocol/carry_on.hpp"

#include <chrono>
#include <cstdint>

#include "protocol/log.hpp"

namespace tradepulse {
namespace {

void report(const char* where, const char* what) {
  using clock = std::chrono::steady_clock;
  thread_local clock::time_point next_line{};
  thread_local std::uint64_t held_back = 0;
  const auto now = clock::now();
  if (now < next_line) {
    ++held_back;
    return;
  }
  log::error("io_exception", {{"where", where}, {"what", what}, {"held_back", held_back}});
  next_line = now + std::chrono::seconds{1};
  held_back = 0;
}

} // namespace

void report_thrown(const char* where, const std::exception_ptr& thrown) noexcept {
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& e) {
    report(where, e.what());
  } catch (...) {
    report(where, "not a std::exception");
  }
}

} // namespace tradepulse
