#pragma once

#include <functional>
#include <memory>

#include "actors/fwd.hpp"
#include "actors/ingest/ingest_range.hpp"
#include "actors/messages.hpp"

namespace tradepulse {

// Sends `symbol_work` to the actor of each slot of the range, all of them in one piece of memory,
// which goes with the last one: a partition of many symbols would take memory for each of them a
// thousand times a second, only to have another thread give it back.
// `work_with` makes what is sent with a slot's ticket. `actor_of` null: nobody gets it; where it was
// not copied the ticket dies and the range fails.
// Requires: the range is open, and no ticket of a slot was made.
void send_slots(const std::shared_ptr<ingest_range>& range,
                const std::function<symbol_work(range_ticket)>& work_with,
                const std::function<symbol_actor(const symbol_work&)>& actor_of);

} // namespace tradepulse
