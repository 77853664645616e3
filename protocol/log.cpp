#include "protocol/log.hpp"

#include <atomic>

namespace tradepulse::log {
namespace {

std::atomic<sink*> current_sink{nullptr};
std::atomic<level> current_threshold{level::off};

} // namespace

void set_sink(sink* target, level threshold) noexcept {
  current_sink.store(target, std::memory_order_release);
  current_threshold.store(target ? threshold : level::off, std::memory_order_release);
}

bool enabled(level severity) noexcept {
  return severity >= current_threshold.load(std::memory_order_relaxed);
}

void write(level severity, std::string_view event, std::initializer_list<field> fields) {
  if (!enabled(severity))
    return;
  if (auto* target = current_sink.load(std::memory_order_acquire))
    target->write(severity, event, fields);
}

} // namespace tradepulse::log
