#pragma once

#include <string>
#include <utility>
#include <vector>

#include "actors/distribution/subscriber.hpp"

namespace tradepulse {

// What of a hand-back is still meant: not a subscription that was left, or that began anew (and was
// diverted again, further on).
struct handed_slice {
  std::string frames;
  std::vector<std::pair<subscription*, const handed_item*>> taken;
};
// Requires: `handed` outlives the slice.
handed_slice slice_of(const hand_back& handed, subscriber& to);

// The slice was taken: its subscriptions are live again, unless their owner has got more meanwhile.
void go_on(const handed_slice& slice);
// It was not: the items, for their owner. No others: an item of a subscription that began anew must
// not be merged with what the new one got.
handed_back given_back(const handed_slice& slice);

} // namespace tradepulse
