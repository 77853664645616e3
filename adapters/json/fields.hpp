#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "adapters/json/member_reader.hpp"
#include "protocol/ports/tick_decoder.hpp"

// Members of a record turned into values. Each function returns the rejection or nothing; the
// detail names the member, the value (shortened) and the limit, in at most 200 bytes.
namespace tradepulse::json {

using rejection = std::optional<rejected_record>;

rejected_record reject(reject_reason reason, std::string detail);

// `label` is what an error calls the member ("price", "data.p").
rejection read_symbol(std::string_view label, const member& from, symbol& to);
// A JSON number, or the same text in a string.
rejection read_price(std::string_view label, const member& from, price& to);
// Absent or null: no volume.
rejection read_volume(std::string_view label, const member& from, std::optional<quantity>& to);
// A volume that must be there.
rejection read_quantity(std::string_view label, const member& from, quantity& to);
// A sum of sizes or of price * size, of 0 up to below 10^28. Absent or null: none.
rejection read_amount(std::string_view label, const member& from, std::optional<int128>& to);
// Integer milliseconds (number or string) or ISO-8601; not further than max_ahead after the
// record. A record without a time of its own (before 1970, as brokers of old say) judges nothing.
rejection read_time(std::string_view label, const member& from, time_ms append_time,
                    std::chrono::milliseconds max_ahead, time_ms& to);
// The same of a time that is not the event's own: it may lie ahead.
rejection read_any_time(std::string_view label, const member& from, time_ms& to);
// An integer of 0 up to 2^63-1, number or string. Absent or null: none.
rejection read_count(std::string_view label, const member& from, std::optional<std::int64_t>& to);
// true or false.
rejection read_flag(std::string_view label, const member& from, bool& to);
// A string, and nothing else.
rejection require_string(std::string_view label, const member& from);
rejection require_object(std::string_view label, const member& from);

} // namespace tradepulse::json
