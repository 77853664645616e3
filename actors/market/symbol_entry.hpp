#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>

#include "actors/fwd.hpp"
#include "protocol/identifiers.hpp"
#include "protocol/price_burst.hpp"
#include "protocol/price_snapshot.hpp"
#include "protocol/stored_stream.hpp"

namespace tradepulse {

class symbol_state;

// One symbol of this process, whether it is at work, idle, or only somebody waits for it. Never
// moved; freed before the directory only where nobody ever had a price for it.
struct symbol_entry {
  static constexpr std::size_t max_io_threads = 16;

  tradepulse::symbol symbol;
  stream_index index;
  // How many subscriptions each I/O thread has; a burst goes only where somebody listens.
  std::array<std::atomic<std::uint32_t>, max_io_threads> interest{};
  // Messages sent to the actor, or about to be, and not yet handled. It rises under the lock of
  // the shard; an actor to which nothing is on its way may end.
  std::atomic<std::uint32_t> queued{0};
  std::atomic<std::uint32_t> restarts{0};

  // Under the lock of its shard:
  std::shared_ptr<const price_snapshot> snapshot; // the highest published; null: unknown
  // What an actor goes on with, while there is none. Null: the actor has it, or it is unknown.
  std::shared_ptr<symbol_state> idle;
  symbol_actor actor; // null while idle
  std::optional<topic_partition> home;
  // The row as an event of another partition has left it, while that move is not committed.
  std::unique_ptr<stored_stream> uncommitted_move;
  std::uint32_t worked_at = 0; // in seconds of the directory
  // An actor has numbered events since the last claim: memory may be ahead of the database.
  bool worked = false;
  // Its actor died: what it had numbered is gone, only a claim knows where to go on.
  bool needs_restore = false;
  bool away = false;         // its partition is held elsewhere
  bool only_awaited = false; // made by a subscription; counted against the bound until it has data
};

} // namespace tradepulse
