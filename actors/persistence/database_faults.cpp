#include "actors/persistence/database_faults.hpp"

#include "protocol/log.hpp"

namespace tradepulse {

void database_faults::failed(const void* writer, std::string_view call,
                             const topic_partition& source, const error& why) {
  const bool all = why.code == errc::database_unavailable;
  std::lock_guard lock(mutex_);
  auto [found, begins] = open_.try_emplace({all ? "" : source.to_string(), why.code});
  auto& fault = found->second;
  fault.writers.insert(writer);
  ++fault.calls;
  if (!begins)
    return;
  fault.began = clock::now();
  open_count_ = open_.size();
  log::warning("database_error", {{"call", call},
                                  {"partition", source.to_string()},
                                  {"error", why.detail},
                                  {"action", "retry"}});
}

void database_faults::answered(const void* writer, const topic_partition& source) {
  if (open_count_ == 0)
    return;
  std::lock_guard lock(mutex_);
  over(writer, &source);
}

void database_faults::forget(const void* writer) {
  std::lock_guard lock(mutex_);
  over(writer, nullptr);
}

// `source`: null for all.
void database_faults::over(const void* writer, const topic_partition* source) {
  const auto name = source ? source->to_string() : std::string{};
  for (auto it = open_.begin(); it != open_.end();) {
    const auto& [place, code] = it->first;
    auto& fault = it->second;
    if (source && !place.empty() && place != name) {
      ++it;
      continue;
    }
    if (fault.writers.erase(writer) == 0 || !fault.writers.empty()) {
      ++it;
      continue;
    }
    const auto lasted =
        std::chrono::duration_cast<std::chrono::milliseconds>(clock::now() - fault.began);
    log::info("database_answers", {{"partition", place.empty() ? "all" : place},
                                   {"failed_calls", fault.calls},
                                   {"lasted_ms", lasted.count()}});
    it = open_.erase(it);
  }
  open_count_ = open_.size();
}

} // namespace tradepulse
