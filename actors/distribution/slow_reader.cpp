#include "actors/distribution/slow_reader.hpp"

#include <algorithm>
#include <utility>

namespace tradepulse {

std::optional<resume_point> slow_reader::diverted(const events_diverted& what, bool meant) {
  full_ = full_ || what.outbox_full;
  if (given_up_ || !meant)
    return {};
  auto reached = waiting_.add(*what.burst, what.before, what.group);
  return reached ? judged({what.burst->index(), what.group, std::move(*reached)}) : reached;
}

std::optional<resume_point> slow_reader::diverted(const move_diverted& what, bool meant) {
  if (given_up_ || !meant)
    return {};
  const auto& moved = what.moved;
  auto reached = waiting_.add_move(moved.index, *moved.snapshot, what.before, what.group);
  return reached ? judged({moved.index, what.group, std::move(*reached)}) : reached;
}

std::optional<resume_point> slow_reader::judged(beyond what) {
  give_up();
  if (!handing_)
    return std::move(what.where);
  beyond_ = std::move(what);
  return {};
}

std::optional<resume_point> slow_reader::handed(const handed_back& answer) {
  handing_ = false;
  full_ = full_ || !answer.refused.empty();
  waiting_.taken(answer.refused);
  const auto places = std::exchange(under_way_, {});
  auto told = std::exchange(beyond_, {});
  if (!told)
    return {};
  const auto is_its = [&](const auto& each) {
    return each.index == told->index && each.group == told->group;
  };
  auto& reached = told->where.reached;
  if (const auto refused = std::ranges::find_if(answer.refused, is_its);
      refused != answer.refused.end())
    reached = std::max(reached, refused->reached);
  else if (const auto all = std::ranges::find_if(places, is_its); all != places.end())
    reached = std::max(reached, all->through);
  return std::move(told->where);
}

void slow_reader::give_up() {
  given_up_ = true;
  waiting_.clear();
}

std::vector<handed_item> slow_reader::due() {
  if (full_ || handing_ || waiting_.empty())
    return {};
  handing_ = true;
  auto items = waiting_.take(hand_back_bytes_);
  for (const auto& item : items)
    under_way_.push_back({item.index, item.group, item.through});
  return items;
}

} // namespace tradepulse
