#pragma once

#include <chrono>
#include <deque>
#include <optional>
#include <variant>

#include "actors/messages.hpp"
#include "actors/supervision/backoff.hpp"
#include "protocol/ports/clock.hpp"

namespace tradepulse {

// What partitions ask of the database before they may read, in the order it was asked. What fails
// is tried again after a pause of its own, so that one locked row holds up only itself; where the
// database is away all wait for the same moment.
class claim_queue {
 public:
  using clock = std::chrono::steady_clock;
  using work = std::variant<claim_partition, move_partition, load_streams, load_candles>;
  struct entry {
    work what;
    backoff pauses;
    clock::time_point due{}; // not before

    const topic_partition& source() const;
  };

  claim_queue(std::chrono::milliseconds first_pause, std::chrono::milliseconds longest_pause,
              const tradepulse::clock& chance = process_clock())
      : first_pause_(first_pause), longest_pause_(longest_pause), chance_(chance),
        away_pauses_(first_pause, longest_pause, chance.seed()) {}

  void add(work what) {
    entries_.push_back({std::move(what), backoff(first_pause_, longest_pause_, chance_.seed())});
  }
  // What a partition asked that is no longer ours; but for candles: their symbol hears of it.
  void forget(const topic_partition& source);

  // Takes out the first that is due. None is while the database is away.
  std::optional<entry> take(clock::time_point now);
  // The database answered the one that was taken.
  void answered() { away_pauses_.reset(); }
  // The one that was taken failed: behind the others, to be taken again after the pause that this
  // returns. `away`: because there is no database.
  std::chrono::milliseconds put_back(entry failed, bool away, clock::time_point now);

 private:
  const std::chrono::milliseconds first_pause_;
  const std::chrono::milliseconds longest_pause_;
  const tradepulse::clock& chance_;
  backoff away_pauses_;
  clock::time_point away_until_{};
  std::deque<entry> entries_;
};

} // namespace tradepulse
