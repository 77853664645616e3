#pragma once

#include <chrono>
#include <compare>
#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "protocol/ports/history.hpp"

namespace tradepulse {

// Queries of history that wait, and which of them one read serves: the decisions of history_desk,
// without threads.
// What waits for the same stream and epoch is merged where one page reaches it, and so is what
// waits for the same stream and time: 1,000 clients that come back at once cost reads in the order
// of the symbols. Streams take turns; of a stream one page is read at a time, and who waits longest
// is always part of it. So nobody is held back by others who are far behind him. Thread: one at a
// time.
class history_queue {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  // `most`: queries without an answer, those that are being read included.
  explicit history_queue(std::size_t most) : most_(most) {}

  struct waiting {
    history_query query;
    history_answer then;
    time_point deadline;
    // Its turn has not come: it waits longer than that while others are answered.
    bool in_line = false;
  };
  // Streams of several spellings of their index are not mixed: bursts carry it.
  struct stream_key {
    tradepulse::symbol symbol;
    stream_kind kind;
    tradepulse::epoch epoch;
    stream_index index;
    std::optional<time_ms> time;
    friend auto operator<=>(const stream_key&, const stream_key&) = default;
  };
  struct batch {
    stream_key stream;
    history_query query; // what to read: from the lowest `after` to the greatest `through`
    std::vector<waiting> members;
  };

  static stream_key key_of(const history_query& query) {
    return {query.symbol, query.kind, query.after.epoch, query.index, query.time};
  }

  // False, and `one` is left as it is: there is no room.
  bool add(waiting& one);
  // The next read. Its stream rests until answered() and done(), or put_back().
  std::optional<batch> take();
  // The members get their answers: there is room for what they ask next.
  void answered(const batch& read) { unanswered_ -= read.members.size(); }
  // They have them, and what they asked at once is here and becomes one read.
  void done(const batch& read) { rest_over(read.stream); }
  // They have none yet: they wait on, before those who came later. Their turn has come; who stood
  // in line has until `others`.
  void put_back(batch read, time_point others = {});
  // Takes out those whose time is over; not before `others` where they stand in line.
  std::vector<waiting> expired(time_point now, time_point others = {});
  // Takes out all that wait.
  std::vector<waiting> all();
  // Of those that wait.
  std::optional<time_point> earliest_deadline(time_point others = {}) const;

  bool has_work() const noexcept { return !ready_.empty(); }
  std::size_t unanswered() const noexcept { return unanswered_; }

 private:
  struct stream {
    std::deque<waiting> queries; // in the order in which they came
    bool reading = false;
  };
  template <class Condition>
  std::vector<waiting> take_out(Condition condition);
  void rest_over(const stream_key& which);

  const std::size_t most_;
  std::size_t unanswered_ = 0;
  std::map<stream_key, stream> streams_; // no empty ones
  std::deque<stream_key> ready_;         // streams with queries, none of them being read
};

} // namespace tradepulse
