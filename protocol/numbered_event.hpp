#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "protocol/price_snapshot.hpp"
#include "protocol/tick.hpp"

namespace tradepulse {

// A price event with the number its symbol actor gave it.
struct numbered_event {
  sequence seq;
  tradepulse::price price;
  std::optional<quantity> volume;
  time_ms event_time{};
  std::optional<std::int64_t> source_sequence;
  bool late = false; // older than the newest of its epoch
};

// What a slow reader gets instead of many events: the newest by time, with the extremes of all.
struct merged_update {
  tradepulse::symbol symbol;
  tradepulse::epoch epoch;
  sequence first_seq;
  sequence last_seq;
  sequence price_seq; // of the event shown (newest by event time, ties: the later)
  tradepulse::price price;
  std::optional<quantity> volume;
  time_ms event_time{};
  std::optional<std::int64_t> source_sequence;
  std::uint64_t count = 0;                  // n: events swallowed
  tradepulse::price open, high, low, close; // close: the last by number
  bool late = false;                        // every event in it is
};

} // namespace tradepulse
