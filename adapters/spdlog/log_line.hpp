#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "protocol/log.hpp"
#include "protocol/timestamps.hpp"

namespace tradepulse::log {

enum class line_format : std::uint8_t { key_value, json };

// A value longer than this is cut, with `...` behind it: lines carry no payloads.
inline constexpr std::size_t longest_value_bytes = 1024;

// "debug", "info", "warning", "error".
std::string_view to_string(level severity) noexcept;

// One event as one line, without the line feed.
//   key_value  2024-08-08T23:54:16.543Z warning event=gap symbol=AAPL reason="two words"
//              A value is quoted where it is empty or holds a space, a quote, a backslash, `=` or
//              anything that is not printable; inside quotes `"` and `\` have a backslash, control
//              characters and bytes that are not UTF-8 are \n, \r, \t or \xNN.
//   json       {"time":"...","level":"warning","event":"gap","symbol":"AAPL"}
//              Values are strings; bytes that are not UTF-8 become U+FFFD.
// Guarantees: exactly one line of valid UTF-8 whatever the values hold. A key named time, level or
// event gets a `_` behind it.
std::string to_line(line_format format, time_ms time, level severity, std::string_view event,
                    std::initializer_list<field> fields);

} // namespace tradepulse::log
