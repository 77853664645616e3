#pragma once

#include <chrono>
#include <memory>
#include <optional>

#include <caf/fwd.hpp>
#include <caf/typed_behavior.hpp>

#include "actors/actor_card.hpp"
#include "actors/engine_metrics.hpp"
#include "actors/fwd.hpp"
#include "actors/ingest/dead_letter_policy.hpp"
#include "actors/ingest/log_identity.hpp"
#include "actors/ingest/partition_routes.hpp"
#include "actors/market/candle_options.hpp"
#include "actors/market/symbol_directory.hpp"
#include "protocol/ports/clock.hpp"
#include "protocol/ports/dead_letter_sink.hpp"
#include "protocol/ports/log_inspector.hpp"
#include "protocol/ports/partition_reader.hpp"
#include "protocol/ports/tick_decoder.hpp"

namespace tradepulse {

// What is the same for every partition of the process.
struct ingest_rules {
  start_policy start = start_policy::earliest;
  replaced_log_policy on_replaced_log = replaced_log_policy::stop;
  dead_letter_policy on_dead_letter_failure = dead_letter_policy::pause;
  std::chrono::milliseconds identity_check_interval{5'000};
  std::size_t symbol_failures = 3; // within the window; one more stops the symbol
  std::chrono::milliseconds symbol_failure_window{60'000};
  std::chrono::milliseconds claim_retry_first{50};
  std::chrono::milliseconds claim_retry_most{5'000};
};

struct ingest_parts {
  // All outlive the actors.
  symbol_directory* directory = nullptr;
  partition_reader* reader = nullptr;
  log_inspector* inspector = nullptr;
  dead_letter_sink* dead_letters = nullptr;
  engine_metrics* metrics = nullptr;
  health_board* health = nullptr;
  actor_board* board = nullptr;
  const clock* time = &process_clock();
};

struct partition_options {
  topic_partition source;
  ingest_rules rules;
  ingest_parts parts;
  std::shared_ptr<tick_decoder> decoder; // its own
  std::optional<candle_source> candles;  // absent: none are made of its topic
  std::shared_ptr<actor_card> card;
  writer_actor writer;
  ingest_supervisor supervisor;
  // Outlives the actor, which enters itself before it asks for its claim: what is read under that
  // claim finds it. The supervisor takes it out.
  partition_routes* routes = nullptr;
};

class partition;
// What the actor does with each message.
partition_actor::behavior_type handlers_of(partition& mine);

// One assigned partition: claims it, checks that its log is the one that was applied, reads on,
// dispatches batches to symbol actors and keeps each range until it is committed.
partition_actor spawn_partition_actor(caf::actor_system& system, partition_options options);

} // namespace tradepulse
