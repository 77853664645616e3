#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "adapters/postgres/settings.hpp"
#include "adapters/postgres/watchdog.hpp"
#include "protocol/result.hpp"
#include "protocol/timestamps.hpp"

namespace tradepulse {

// How long the events of a kind of stream are kept, by the time of their commit.
// A kind that is kept for ever has no such rule.
struct journal_rule {
  std::string stream;               // "price", "kline": journal_table::word
  std::chrono::milliseconds keep{}; // one day to 10,000
};

struct journal_trim {
  struct gone_leaf {
    std::string stream;
    std::string name; // "journal_prices_20240801"

    friend bool operator==(const gone_leaf&, const gone_leaf&) = default;
  };
  struct kept {
    std::string stream;
    std::optional<std::chrono::sys_days> oldest; // day that has a leaf
  };

  bool elsewhere = false;            // another process is at it; nothing was done
  std::vector<gone_leaf> gone;       // in the order of the rules
  std::vector<gone_leaf> given_back; // had begun to go, by a rule that was shorter
  std::vector<kept> left;            // a rule each, as far as they could be looked at
  std::vector<error> failures;       // few; what is in `gone` is gone all the same
};

// Takes leaves of the journal away, a UTC day each. A leaf goes one day after its last possible
// event has become older than the rule says, by the given clock and by the server's: one clock that
// is ahead takes nothing away.
//
// For each leaf, oldest first:
//   1. one transaction marks the leaf and deletes its rows in journal_leaves: from here on nobody
//      is told a position in it, and who has read one looks again (history_store_postgres);
//   2. DETACH ... CONCURRENTLY, or FINALIZE where that was interrupted: writers and the making of
//      new leaves wait for lock_timeout at most;
//   3. one transaction locks the leaf, deletes rows of journal_leaves once more and drops it.
// A leaf that the server refuses to take away (somebody's view stands on it) stops itself alone,
// one that somebody uses, or a journal whose owner is another role, the rest of its own rule alone.
// Where the connection is lost another goes on with the next rule; where that is lost too the run
// is over. A leaf that is marked, not detached and, as its rule is longer now, not due any more is
// given back: one transaction restores its rows in journal_leaves and takes the mark off; where its
// DETACH has begun that is finished first, and the leaf attached again.
//
// Each step may be interrupted and is done by the next run. The writer of an old batch (a process
// that stood still for days) may enter the leaf before 3 has its lock: its row goes with its events.
// Behind that it finds no leaf, makes it anew, and it is the next run's. So no position is told that
// is not there, and none is lost above the lowest. Guarantees: one process at a time
// (an advisory lock of the session). Thread: one at a time. Blocks: for seconds; the watchdog cuts
// it where the server is silent.
class journal_trimmer {
 public:
  journal_trimmer(postgres_settings settings, std::shared_ptr<watchdog> dog);

  // By a connection that lasts as long as the call. Failures: those of the database; database_busy
  // also where somebody uses a leaf; forbidden where the role does not own the journal.
  journal_trim trim(std::span<const journal_rule> rules, time_ms now);
  // What a run would take away. Changes nothing, needs no ownership, waits for no other process.
  journal_trim look(std::span<const journal_rule> rules, time_ms now);

 private:
  journal_trim run(std::span<const journal_rule> rules, time_ms now, bool look_only);

  postgres_settings settings_;
  std::shared_ptr<watchdog> dog_;
};

} // namespace tradepulse
