#pragma once

#include <string>
#include <vector>

#include "actors/distribution/subscriber.hpp"

// What subscriptions are told when their partition goes and comes. Not an answer, so without a
// place among the answers: one a subscription, written when the outbox takes it, dropped when it is
// no longer true. A partition has as many streams as it likes.
namespace tradepulse {

void partition_away(subscription& of);
void partition_back(subscription& of);

struct notice_slice {
  std::string frames; // may be empty: nothing of it is true any more
  std::vector<subscription*> told;
};
// Some of what is due. Requires: notices is not empty.
notice_slice next_notices(subscriber& to);
// The slice was taken.
void notices_taken(subscriber& by, const notice_slice& slice);

} // namespace tradepulse
