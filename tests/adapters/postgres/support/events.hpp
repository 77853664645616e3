#pragma once

#include <deque>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/adapters/postgres/support/rows.hpp"

// Events for the journal, short to write.
namespace tradepulse::test {

inline tick event(std::int64_t offset, std::string_view price_text, std::int64_t ms) {
  tick out;
  out.offset = record_offset{offset};
  out.price = price::parse(price_text).value();
  out.event_time = at_ms(ms);
  return out;
}

// Keeps the ticks that runs look at.
class kept_events {
 public:
  journal_run run(std::string_view name, std::int64_t e, std::int64_t first,
                  std::vector<tick> ticks) {
    const auto& kept = ticks_.emplace_back(std::move(ticks));
    return {sym(name), epoch{e}, sequence{first}, kept};
  }
  // So many events of a symbol, one an offset, with the price 1.
  journal_run run_of(std::string_view name, std::int64_t e, std::int64_t first, std::int64_t count,
                     std::int64_t offset = 0) {
    std::vector<tick> ticks;
    for (std::int64_t i = 0; i < count; ++i)
      ticks.push_back(event(offset + i, "1", 1000 + i));
    return run(name, e, first, std::move(ticks));
  }

 private:
  std::deque<std::vector<tick>> ticks_;
};

inline range_commit journalled(range_commit work, std::vector<journal_run> events,
                               std::int64_t commit_time) {
  work.events = std::move(events);
  work.commit_time = at_ms(commit_time);
  return work;
}

} // namespace tradepulse::test
