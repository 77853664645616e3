#pragma once

#include <cstddef>

#include <caf/fwd.hpp>

#include "actors/engine_metrics.hpp"
#include "actors/fwd.hpp"
#include "actors/market/symbol_directory.hpp"

namespace tradepulse {

struct symbol_actor_options {
  symbol_directory* directory = nullptr; // outlives the actor
  engine_metrics* metrics = nullptr;
  std::size_t ring_events = 1'024;
};

// The only writer of one symbol's streams. A thin shell around symbol_state.
symbol_actor spawn_symbol_actor(caf::actor_system& system, symbol_entry& entry,
                                const symbol_actor_options& options);

} // namespace tradepulse
