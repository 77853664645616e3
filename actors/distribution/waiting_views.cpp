#include "actors/distribution/waiting_views.hpp"

#include <algorithm>

namespace tradepulse {
namespace {

time_ms start_of(const candle_view_ptr& view) {
  return view->view().candle.start;
}

} // namespace

bool waiting_views::owes(time_ms start) const {
  return std::ranges::find(provisional_, start) != provisional_.end();
}

// With a new epoch of the source the candles of the one before are forgotten, without an event.
void waiting_views::begin(epoch source) {
  if (source <= through_.epoch)
    return;
  through_ = {source, sequence{0}};
  closed_ = time_ms::min();
  waiting_.clear();
}

bool waiting_views::add(const candle_view_ptr& view) {
  const auto& state = view->view();
  begin(state.through.epoch);
  // A symbol that reads again what it had read before is behind what it has shown.
  if (state.through < through_ || state.candle.start <= closed_)
    return false;
  through_ = state.through;
  auto place = std::ranges::lower_bound(waiting_, state.candle.start, {}, start_of);
  if (place != waiting_.end() && start_of(*place) == state.candle.start)
    *place = view;
  else
    waiting_.insert(place, view);
  if (waiting_.size() > most_candles)
    if (auto first = std::ranges::find_if(waiting_, [&](auto& v) { return !owes(start_of(v)); });
        first != waiting_.end())
      waiting_.erase(first);
  return true;
}

bool waiting_views::add_answer(const candle_view_ptr& view) {
  return view->view().through > through_ && add(view);
}

// Of one length candles close in the order of their starts: nothing up to this one is open.
void waiting_views::numbered(const candle& fact) {
  begin(fact.source_epoch);
  if (fact.source_epoch < through_.epoch || fact.start <= closed_)
    return;
  closed_ = fact.start;
  std::erase_if(waiting_, [&](const auto& view) { return start_of(view) <= closed_; });
  std::erase_if(provisional_, [&](time_ms start) { return start <= closed_; });
}

void waiting_views::drop_behind(stream_position known) {
  std::erase_if(waiting_, [&](const auto& view) { return view->view().closed_through < known; });
}

frame_slice waiting_views::front(bool numbers_as_strings) const {
  const auto& view = waiting_.front();
  return view->encoded(numbers_as_strings, owes(start_of(view)));
}

void waiting_views::taken() {
  const auto start = start_of(waiting_.front());
  std::erase(provisional_, start);
  if (waiting_.front()->view().provisional)
    provisional_.push_back(start);
  waiting_.erase(waiting_.begin());
}

} // namespace tradepulse
