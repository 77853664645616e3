#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include <caf/fwd.hpp>

#include "actors/ingest/credit_ledger.hpp"
#include "actors/ingest/partition_actor.hpp"
#include "actors/ingest/partition_routes.hpp"

namespace tradepulse {

struct supervisor_options {
  ingest_rules rules;
  ingest_parts parts;
  std::size_t writers = 2;
  std::function<writer_actor(std::size_t index, std::shared_ptr<actor_card> card)> make_writer;
  std::function<std::shared_ptr<tick_decoder>(const std::string& topic)> make_decoder;
  std::function<std::optional<candle_source>(const std::string& topic)> candles_of; // null: none
  std::shared_ptr<credit_ledger> credit;
  partition_routes* routes = nullptr; // outlives the actor
  // Bounded restarts of partitions and writers: more than so many within the window end the
  // process.
  std::size_t restarts = 10;
  std::chrono::milliseconds restart_window{60'000};
  std::chrono::milliseconds restart_delay{200};
  // May be called from any thread.
  std::function<void(std::string why)> fatal;
  // begin_drain: every partition has ended. False: not all that was dispatched is committed.
  std::function<void(bool all_committed)> drained;
};

// Starts and ends partition actors as the group assigns, keeps the writers, restarts what failed.
ingest_supervisor spawn_ingest_supervisor(caf::actor_system& system, supervisor_options options);

} // namespace tradepulse
