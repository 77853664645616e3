#pragma once

#include <memory>

#include <caf/fwd.hpp>

#include "actors/engine_metrics.hpp"
#include "actors/fwd.hpp"
#include "actors/market/symbol_directory.hpp"

namespace tradepulse {

struct symbol_actor_options {
  symbol_directory* directory = nullptr; // outlives the actor
  engine_metrics* metrics = nullptr;
};

// The only writer of one symbol's streams. A thin shell around `state`, which it gives back when it
// has been without work for a while.
symbol_actor spawn_symbol_actor(caf::actor_system& system, symbol_entry& entry,
                                std::shared_ptr<symbol_state> state,
                                const symbol_actor_options& options);

} // namespace tradepulse
