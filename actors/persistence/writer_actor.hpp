#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include <caf/fwd.hpp>
#include <caf/typed_behavior.hpp>

#include "actors/actor_card.hpp"
#include "actors/engine_metrics.hpp"
#include "actors/fwd.hpp"
#include "actors/ingest/credit_ledger.hpp"
#include "actors/ingest/dead_letter_policy.hpp"
#include "actors/market/symbol_directory.hpp"
#include "actors/persistence/database_faults.hpp"
#include "protocol/ports/clock.hpp"
#include "protocol/ports/dead_letter_sink.hpp"
#include "protocol/ports/range_store.hpp"

namespace tradepulse {

struct writer_options {
  std::string owner;              // of claims: node id and instance
  std::size_t batch_rows = 1'000; // flush when this many rows wait (a trigger, not a cap)
  std::chrono::milliseconds flush_interval{100};
  std::chrono::milliseconds retry_first{50};
  std::chrono::milliseconds retry_most{5'000};
  unsigned max_retries = 3; // of a row the database refuses, before it is dead-lettered
  dead_letter_policy on_dead_letter_failure = dead_letter_policy::pause;
  std::unique_ptr<range_store> store;
  std::shared_ptr<credit_ledger> credit; // half a partition's share flushes early
  symbol_directory* directory = nullptr; // these outlive the actor
  dead_letter_sink* dead_letters = nullptr;
  engine_metrics* metrics = nullptr;
  health_board* health = nullptr;
  std::shared_ptr<actor_card> card;
  std::shared_ptr<database_faults> faults; // of all writers; null: its own
  const clock* time = &process_clock();
};

class writer;
// What the actor does with each message.
writer_actor::behavior_type handlers_of(writer& mine);

// Owns partitions: commits their ranges, one transaction a partition at a time. A thread and a
// database connection of its own. Blocks: in the store's calls only.
writer_actor spawn_writer_actor(caf::actor_system& system, writer_options options);

} // namespace tradepulse
