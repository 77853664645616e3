#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "actors/actor_card.hpp"
#include "protocol/metrics.hpp"
#include "protocol/ports/history.hpp"
#include "runtime/history/history_queue.hpp"
#include "runtime/history/lookup_queue.hpp"
#include "runtime/history/recent_pages.hpp"

namespace tradepulse {

struct history_desk_options {
  // Each reader's own; called on its thread.
  std::function<std::unique_ptr<history_store>()> make_store;
  // Each reader's card for /admin; absent: they have none.
  std::function<std::shared_ptr<actor_card>(std::size_t reader)> make_card;
  // Ends the calls that the stores are in, and each that they begin later. Thread: any.
  std::function<void()> cut;
  std::size_t readers = 2;                    // postgres.readers
  std::size_t most_waiting = 10'000;          // limits.recoveries
  std::chrono::milliseconds patience{30'000}; // recovery.timeout
  std::chrono::milliseconds retry_min{100};   // postgres.retry_min, retry_max
  std::chrono::milliseconds retry_max{5'000};
  // Pages that were read answer those who come back a moment later: for so long, of so many events.
  std::chrono::milliseconds keep_pages{5'000};
  std::size_t most_kept_events = 100'000;
  // Why streams of a kind are not kept, or nothing: queries for them get `unsupported` with this
  // text. Absent: all are. Thread: any.
  std::function<std::string(stream_kind)> not_kept;
};

// History for those who must not block: queries wait here, are merged (history_queue) and read by
// threads that have a connection each.
// While the database does not answer, queries wait and are tried again, up to recovery.timeout and
// at most one call to the database longer. The time of one that says since when it waits began
// then, and begins anew with each answer to others until its own turn comes: a database that is
// silent ends all of them at once, however few are asked at a time, and one that is slow ends
// nobody for standing far behind.
// A page serves returning clients for some seconds more (recent_pages).
// Look-ups (bars) are read by the same threads, in turn with the pages of events, and wait by the
// same rules, each from its question on.
class history_desk final : public history_source, public bar_source {
 public:
  history_desk(history_desk_options options, metrics::registry& registry);
  ~history_desk() override; // stop()

  // Errors, beside those of history_store: database_busy where limits.recoveries wait; not_ready
  // while the process stops.
  void read(history_query query, history_answer then) override;
  void read(bar_query query, bar_answer then) override;
  // Errors, beside its own: as above.
  void look_up(history_lookup question);

  // What waits gets an error, and so does whoever comes later; a page that is being read is
  // delivered still. Does not block.
  void close();
  // Cuts what is being read, too, and ends the threads.
  void stop();

 private:
  using waiting = history_queue::waiting;
  struct counters {
    explicit counters(metrics::registry& registry);
    metrics::counter& queries;
    metrics::counter& reads;
    metrics::counter& events;
    metrics::counter& errors;
    metrics::counter& refused;
    metrics::gauge& unanswered;
    metrics::latency_histogram& seconds;
  };

  // Those whose time is over.
  struct overdue_questions {
    std::vector<waiting> events;
    std::vector<lookup_queue::waiting> lookups;
    bool empty() const noexcept { return events.empty() && lookups.empty(); }
    void answer(const error& why) const;
  };

  void run(std::size_t reader);
  result<history_page> ask(history_store& store, const history_query& query);
  void succeeded(history_queue::batch read, history_page page);
  void answer(const history_queue::batch& read,
              const result<std::shared_ptr<const history_page>>& with);
  // True: the database may answer later.
  bool failed(history_queue::batch read, const error& why);
  void pause(std::chrono::milliseconds how_long, const error& why);
  // The same of a look-up.
  result<void> ask(history_store& store, const history_lookup& question);
  void succeeded(const lookup_queue::waiting& one);
  bool failed(lookup_queue::waiting one, const error& why);
  template <class Answer, class Call>
  result<Answer> counted(Call call);
  error full() const;
  static bool may_pass(errc code) noexcept;
  static error stopping();
  // Require: mutex_ is held.
  bool is_full() const;
  bool lookup_is_next();
  void wait_for_work(std::unique_lock<std::mutex>& lock);
  overdue_questions expired();
  overdue_questions overdue(); // looks once a second: each look goes through all that wait
  history_queue::time_point end_in_line() const { return last_answer_ + options_.patience; }
  void show_unanswered();

  const history_desk_options options_;
  counters counted_;
  std::mutex mutex_;
  std::condition_variable changed_;
  history_queue queue_;                     // guarded by mutex_
  recent_pages recent_;                     // guarded by mutex_
  lookup_queue lookups_;                    // guarded by mutex_
  bool lookups_turn_ = false;               // guarded by mutex_
  std::optional<error> unwell_;             // of the last read, where it failed; guarded by mutex_
  // Of the database; guarded by mutex_. A clock's zero may be a minute ago: when the machine began.
  history_queue::time_point last_answer_ = history_queue::time_point::min();
  bool closing_ = false;                    // guarded by mutex_
  history_queue::time_point next_look_{};   // guarded by mutex_
  std::vector<std::thread> threads_;
};

} // namespace tradepulse
