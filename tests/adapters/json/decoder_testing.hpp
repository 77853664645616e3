#pragma once

#include <ostream>
#include <string>
#include <string_view>
#include <variant>

#include "adapters/json/decoders.hpp"

// What the tests of the decoders share: a record around a text, and the outcome as one line.
namespace tradepulse::json_testing {

inline constexpr time_ms appended_at{std::chrono::milliseconds{1'723'161'256'600}};

inline record record_of(std::string_view value, time_ms append_time = appended_at) {
  record r;
  r.offset = record_offset{42};
  r.append_time = append_time;
  r.value = value;
  return r;
}

// "tick AAPL 150.25 x 100 at 1723161256543", "skipped trade", "tombstone", "rejected bad_json".
inline std::string line_of(const decode_outcome& outcome) {
  if (const auto* ticked = std::get_if<decoded_tick>(&outcome)) {
    const tick& t = ticked->tick;
    std::string out = "tick " + ticked->symbol.str() + " " + t.price.to_string();
    out += t.volume ? " x " + t.volume->to_string() : std::string{};
    out += " at " + std::to_string(t.event_time.time_since_epoch().count());
    return t.source_sequence ? out + " #" + std::to_string(*t.source_sequence) : out;
  }
  if (const auto* skipped = std::get_if<skipped_record>(&outcome))
    return "skipped " + std::string(skipped->kind);
  if (const auto* rejected = std::get_if<rejected_record>(&outcome))
    return "rejected " + std::string(to_string(rejected->reason));
  return "tombstone";
}

inline std::string detail_of(const decode_outcome& outcome) {
  const auto* rejected = std::get_if<rejected_record>(&outcome);
  return rejected ? rejected->detail : "not rejected: " + line_of(outcome);
}

} // namespace tradepulse::json_testing
