#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "actors/actor_card.hpp"
#include "protocol/metrics.hpp"
#include "protocol/ports/source_history.hpp"

namespace tradepulse {

struct source_desk_options {
  std::function<std::unique_ptr<source_store>()> make_store; // called on the reader's thread
  std::shared_ptr<actor_card> card;                          // for /admin; may be absent
  std::function<void()> cut;                                 // ends the store's calls. Thread: any
  std::string not_kept; // not empty: why there is nothing to ask for; each question is refused
  std::size_t most_waiting = 10'000;          // limits.recoveries
  std::chrono::milliseconds patience{30'000}; // recovery.timeout
  std::chrono::milliseconds retry_min{100};   // postgres.retry_min, retry_max
  std::chrono::milliseconds retry_max{5'000};
  // How long a question waits for the commit of what was published when it was asked.
  std::chrono::milliseconds commit_patience{2'000};
  std::chrono::milliseconds commit_look{50};
};

// Klines by upstream's numbers for those who must not block: questions wait here, for their turn,
// for a database that does not answer, and for commits that are under way; one thread with a
// connection reads. The same question of many is read once.
// Thread: any.
class source_desk final : public source_history {
 public:
  source_desk(source_desk_options options, metrics::registry& registry);
  ~source_desk() override; // stop()

  // Errors, beside those of source_store: database_busy where too many wait; unsupported where
  // klines are not kept; not_ready while the process stops.
  void read(source_query query, source_published published, source_answer then) override;

  // What waits gets an error, and so does whoever comes later. Does not block.
  void close();
  // Cuts what is being read, too, and ends the thread.
  void stop();

 private:
  using clock = std::chrono::steady_clock;
  struct waiting {
    source_query query;
    source_published published;
    source_answer then;
    clock::time_point asked;
    clock::time_point not_before;
  };
  using questions = std::list<waiting>;

  void run();
  // The next one whose time has come, with all that ask the same; empty: the process stops.
  questions take();
  questions overdue(); // requires the lock
  result<source_page> ask(source_store& store, const source_query& query);
  void put_back(questions what, clock::time_point not_before);
  void settle(questions asked, const result<source_page>& page);

  const source_desk_options options_;
  metrics::counter& queries_;
  metrics::counter& reads_;
  metrics::counter& errors_;
  metrics::latency_histogram& seconds_;
  std::mutex mutex_;
  std::condition_variable changed_;
  questions waiting_;                // guarded by mutex_
  std::optional<error> unwell_;      // of the last read, where it failed; guarded by mutex_
  clock::time_point paused_until_{}; // guarded by mutex_
  bool closing_ = false;             // guarded by mutex_
  std::thread thread_;
};

// Whether events that are published and not committed may be what the page lacks: at its end, or
// anywhere where those of an epoch before wait.
bool waits_for_commit(const source_query& query, const source_page& page,
                      const source_published& published);

} // namespace tradepulse
