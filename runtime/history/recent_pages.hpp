#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <optional>

#include "runtime/history/history_queue.hpp"

namespace tradepulse {

// Pages of events that were read a moment ago, for those who come back at about the same time and
// not at once: a thousand clients after a restart need a second to connect, in which the first ones
// have their answers already. Without it each wave of them reads the same again.
//
// What a page of one epoch has cannot change: committed events stay as they are, and those that
// retention takes away meanwhile were there when it was read. One that goes on into a later epoch
// is not kept: there may be more of the earlier one by then. So a page answers whoever is behind
// its beginning and wants nothing beyond its end; whoever asks what there is now (REST, a time) is
// not answered by it. Thread: one at a time.
class recent_pages {
 public:
  using time_point = history_queue::time_point;
  using page_ptr = std::shared_ptr<const history_page>;

  // At most so many events are kept, for so long; 0: none.
  recent_pages(std::size_t most_events, std::chrono::milliseconds keep)
      : most_events_(most_events), keep_(keep) {}

  void add(const history_queue::batch& read, page_ptr page, time_point now);
  // A page that answers all members of the batch, or nothing.
  page_ptr find(const history_queue::batch& wanted, time_point now) const;
  // One that answers the question, or nothing.
  page_ptr find(const history_query& wanted, time_point now) const;
  // Lets go of what is too old.
  void drop(time_point now);
  // When drop() has something to do.
  std::optional<time_point> next_drop() const;

 private:
  struct kept {
    stream_position after; // the page begins behind it
    stream_position last;  // of its events
    std::size_t events = 0;
    page_ptr page;
    time_point until;
  };

  page_ptr find(const history_queue::stream_key& stream, const history_query& wanted,
                stream_position furthest, time_point now) const;
  void drop_oldest();

  const std::size_t most_events_;
  const std::chrono::milliseconds keep_;
  std::size_t events_ = 0;
  std::map<history_queue::stream_key, std::deque<kept>> pages_; // of each the oldest first
  std::deque<history_queue::stream_key> order_;                 // of all pages, the oldest first
};

} // namespace tradepulse
