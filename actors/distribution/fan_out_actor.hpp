#pragma once

#include <functional>
#include <string>

#include <caf/fwd.hpp>
#include <caf/typed_behavior.hpp>

#include "actors/distribution/delivery_table.hpp"
#include "actors/fwd.hpp"
#include "protocol/ports/client_connection.hpp"

namespace tradepulse {

// What the actor does with each message.
fan_out_actor::behavior_type handlers_of(delivery_table& table);

// The gate to one I/O thread, and runs there: bursts, joins, leaves and hand-backs are carried out
// on the table in the order in which they were sent, without locks.
// Requires: `io` runs until the actor has ended; `table` outlives it.
// `fatal` is told when it ends without being asked to: its I/O thread would be mute for good.
fan_out_actor spawn_fan_out_actor(caf::actor_system& system, io_thread& io, delivery_table& table,
                                  std::function<void(std::string why)> fatal);

} // namespace tradepulse
