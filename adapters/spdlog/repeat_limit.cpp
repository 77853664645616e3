#include "adapters/spdlog/repeat_limit.hpp"

namespace tradepulse::log {

bool repeat_limit::admit(level severity, std::string_view event, time_point now) {
  if (limit_ == 0)
    return true;
  auto found = windows_.find(std::pair(event, severity));
  if (found == windows_.end()) {
    if (windows_.size() >= most_events)
      event = "other"; // names are literals: only a mistake makes so many
    found = windows_.try_emplace(key(event, severity), window_state{now, 0}).first;
  }
  auto& state = found->second;
  if (now - state.began >= window_) {
    if (state.seen > limit_)
      ended_.push_back({found->first.first, severity, state.seen - limit_});
    state = {now, 0};
  }
  return ++state.seen <= limit_;
}

std::vector<repeat_limit::left_out> repeat_limit::take_ended(time_point now) {
  for (auto it = windows_.begin(); it != windows_.end();) {
    const auto& [name, state] = *it;
    if (now - state.began < window_) {
      ++it;
      continue;
    }
    if (state.seen > limit_)
      ended_.push_back({name.first, name.second, state.seen - limit_});
    it = windows_.erase(it);
  }
  return std::exchange(ended_, {});
}

std::vector<repeat_limit::left_out> repeat_limit::take_all() {
  return take_ended(time_point::max());
}

} // namespace tradepulse::log
