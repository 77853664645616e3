#pragma once

namespace tradepulse {

// Of an ordered set or map that is not empty: who comes behind the last one, round and round.
template <class Those, class Key>
auto next_in_turn(Those& those, const Key& last) {
  const auto next = those.upper_bound(last);
  return next == those.end() ? those.begin() : next;
}

} // namespace tradepulse
