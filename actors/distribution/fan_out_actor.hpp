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
fan_out_actor::behavior_type handlers_of(io_thread& io, delivery_table& table);

// The gate in front of one I/O thread: bursts, joins, leaves and hand-backs pass it in the order in
// which they were sent and are carried out there, on the table, without locks.
// Requires: `io` and `table` outlive the actor and what it posted.
// `fatal` is told when it ends without being asked to: its I/O thread would be mute for good.
fan_out_actor spawn_fan_out_actor(caf::actor_system& system, io_thread& io, delivery_table& table,
                                  std::function<void(std::string why)> fatal);

} // namespace tradepulse
