#pragma once

#include <string>
#include <vector>

#include "actors/distribution/subscriber.hpp"

namespace tradepulse {

// The stream of a subscription that is joining has said where it stands.
void join_at(subscription& joining, const stream_joined& answer);
// A burst behind that, before the request is answered: the snapshot goes on with it.
void fold_into(subscription& joining, const event_burst& burst);

// `subscribed` and what must come with it, as WebSocket frames.
struct join_answer {
  std::string frames;
  std::vector<subscription*> members; // that still belong to the request
};
join_answer answer_to(const join_request& request, subscriber& to);
// The answer was taken. Those that go on from a position of their client have to catch up first.
std::vector<subscription*> go_live(const join_answer& taken);

} // namespace tradepulse
