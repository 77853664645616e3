#pragma once

#include <array>
#include <string_view>

#include "adapters/json/fields.hpp"

// Private to this folder: the event {"e":"kline","E":..,"s":..,"k":{..}}, alone or in a frame.
namespace tradepulse::json::binance {

// The members of `k`, in the order in which read_kline expects them.
inline constexpr std::array<std::string_view, 15> kline_names{
    "t", "T", "i", "o", "h", "l", "c", "v", "x", "n", "q", "V", "Q", "f", "L"};

// Where such an event stands in what was read.
struct kline_place {
  const member& time;   // E
  const member& symbol; // s
  const member& kline;  // k
  std::size_t members;  // the wanted object that is the value of `k`
};

// `out` has its record's place and time already; its source_sequence is not touched. The details
// name members as they are called within the event ("k.o").
// An open kline may end ahead of its record: ingest.max_ahead is about E.
rejection read_kline(const member_reader& from, const kline_place& at,
                     std::chrono::milliseconds max_ahead, decoded_kline& out);

// `sequence` of an event that stands in a frame: its own, else the frame's.
rejection read_framed_sequence(const member& of_event, const member& of_frame,
                               std::optional<std::int64_t>& to);

// A refusal by the name that the event's member has in its frame: "data.k.o".
rejected_record in_frame(rejected_record refused);

} // namespace tradepulse::json::binance
