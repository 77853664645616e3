#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "actors/fwd.hpp"
#include "actors/market/candle_board.hpp"
#include "actors/market/waiting_ranges.hpp"
#include "protocol/event_burst.hpp"
#include "protocol/identifiers.hpp"
#include "protocol/price_snapshot.hpp"
#include "protocol/stored_stream.hpp"

namespace tradepulse {

class symbol_state;

// One stream of this process, whether it is at work, idle, or only somebody waits for it. Never
// moved; freed before the directory only where nobody ever had an event of it.
struct symbol_entry {
  static constexpr std::size_t max_io_threads = 16;

  stream_key key;
  stream_index index;
  // How many subscriptions each I/O thread has; a burst goes only where somebody listens.
  std::array<std::atomic<std::uint32_t>, max_io_threads> interest{};
  // Messages sent to the actor, or about to be, and not yet handled. It rises under the lock of
  // the shard; an actor to which nothing is on its way may end.
  std::atomic<std::uint32_t> queued{0};
  std::atomic<std::uint32_t> restarts{0};

  // Under the lock of its shard:
  head_ptr snapshot; // the highest published; null: unknown
  // What an actor goes on with, while there is none. Null: the actor has it, or it is unknown.
  std::shared_ptr<symbol_state> idle;
  symbol_actor actor; // null while idle
  std::optional<topic_partition> home;
  // Another partition, whose events are on their way to the actor. Null: none, or it has had them.
  std::unique_ptr<topic_partition> next_home;
  // Of its row, as the newest claim has read it or the commit of a move has left it.
  epoch stored_epoch{};
  // The row as an event of another partition has left it, while that move is not committed.
  std::unique_ptr<stored_stream> uncommitted_move;
  // Ends of epochs that another partition had not committed when it lost the home; null: none.
  std::unique_ptr<std::vector<waiting_ranges::earlier>> earlier;
  // Of a stream that candles are made from, and of those of its candles: one for all of them.
  std::shared_ptr<candle_board> board;
  std::uint32_t worked_at = 0; // in seconds of the directory
  // An actor has numbered events since the last claim: memory may be ahead of the database.
  bool worked = false;
  // Its actor died: what it had numbered is gone, only a claim knows where to go on.
  bool needs_restore = false;
  bool away = false;         // its partition is held elsewhere
  bool only_awaited = false; // made by a subscription; counted against the bound until it has data
};

// Whether its events come from this partition, or will with those that are on their way. Requires:
// the lock of its shard.
inline bool is_fed_by(const symbol_entry& entry, const topic_partition& source) noexcept {
  return entry.home == source || (entry.next_home && *entry.next_home == source);
}

// Where the candles of one stream go.
struct candle_outlets {
  std::shared_ptr<candle_board> board; // null: they are another stream's
  std::array<const symbol_entry*, all_candle_intervals.size()> entries{};

  // Requires: it is one of those that are made.
  const symbol_entry* entry(candle_interval interval) const noexcept {
    return entries[static_cast<std::size_t>(interval)];
  }
};

} // namespace tradepulse
