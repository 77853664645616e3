#pragma once

#include <memory>

#include <caf/fwd.hpp>
#include <caf/typed_behavior.hpp>

#include "actors/engine_metrics.hpp"
#include "actors/fwd.hpp"
#include "actors/market/symbol_directory.hpp"
#include "actors/market/symbol_state.hpp"

namespace tradepulse {

struct symbol_actor_options {
  symbol_directory* directory = nullptr; // outlives the actor
  engine_metrics* metrics = nullptr;
  // Where it has events between their numbering and their burst. Null: its thread's.
  event_room* room = nullptr;
};

class stream_worker;
// What the actor does with each message.
symbol_actor::behavior_type handlers_of(stream_worker& mine);

// The only writer of one symbol's streams. A thin shell around `state`, which it gives back when it
// has been without work for a while.
symbol_actor spawn_symbol_actor(caf::actor_system& system, symbol_entry& entry,
                                std::shared_ptr<symbol_state> state,
                                const symbol_actor_options& options);

} // namespace tradepulse
