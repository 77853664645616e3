#include "runtime/history/lookup_queue.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace tradepulse {

void lookup_queue::add(waiting one) {
  queue_.push_back(std::move(one));
}

std::optional<lookup_queue::waiting> lookup_queue::take() {
  if (queue_.empty())
    return std::nullopt;
  auto out = std::move(queue_.front());
  queue_.pop_front();
  ++taken_;
  return out;
}

void lookup_queue::put_back(waiting one) {
  --taken_;
  queue_.push_front(std::move(one));
}

std::vector<lookup_queue::waiting> lookup_queue::expired(time_point now) {
  const auto first = std::stable_partition(
      queue_.begin(), queue_.end(), [now](const waiting& each) { return each.deadline > now; });
  std::vector<waiting> out{std::make_move_iterator(first), std::make_move_iterator(queue_.end())};
  queue_.erase(first, queue_.end());
  return out;
}

std::vector<lookup_queue::waiting> lookup_queue::all() {
  return expired(time_point::max());
}

std::optional<lookup_queue::time_point> lookup_queue::earliest_deadline() const {
  const auto first = std::ranges::min_element(queue_, {}, &waiting::deadline);
  return first == queue_.end() ? std::nullopt : std::optional(first->deadline);
}

} // namespace tradepulse
