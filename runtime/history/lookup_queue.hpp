#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "protocol/ports/history.hpp"

namespace tradepulse {

// A question to the database that is answered by itself: nobody else's is merged with it.
struct history_lookup {
  // Asks, and keeps what it was told. Thread: a reader's. It may be asked again after an error.
  std::function<result<void>(history_store&)> ask;
  // Once: with what was kept, or with why there is nothing. Thread: any; must not block nor throw.
  std::function<void(const result<void>&)> answer;
  std::string about; // for /admin: "bars of AAPL"
};

// Those that wait, first come, first served: the decisions of history_desk about them, without
// threads. Thread: one at a time.
class lookup_queue {
 public:
  using time_point = std::chrono::steady_clock::time_point;
  struct waiting {
    history_lookup lookup;
    time_point deadline;
  };

  void add(waiting one);
  // The next one. Until answered() or put_back() it is not answered.
  std::optional<waiting> take();
  void answered() { --taken_; }
  // It waits on, before all others.
  void put_back(waiting one);
  // Takes out those whose time is over.
  std::vector<waiting> expired(time_point now);
  // Takes out all that wait.
  std::vector<waiting> all();
  std::optional<time_point> earliest_deadline() const;

  bool has_work() const noexcept { return !queue_.empty(); }
  // Those that were taken included.
  std::size_t unanswered() const noexcept { return queue_.size() + taken_; }

 private:
  std::deque<waiting> queue_;
  std::size_t taken_ = 0;
};

} // namespace tradepulse
