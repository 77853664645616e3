#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "protocol/identifiers.hpp"
#include "protocol/result.hpp"

namespace tradepulse {

// A frame of a recording, as it goes to Kafka.
struct recorded_frame {
  std::chrono::nanoseconds received{}; // since 1970, by the recorder's clock
  tradepulse::symbol key;              // with the suffix
  std::string value;                   // byte for byte as received but for the suffix in `data.s`
};

// Lines that are no frames of a symbol's stream; counted, no error.
enum class skipped_line : std::uint8_t {
  no_stream, // a REST answer that a recorder wrote among the frames
  no_symbol, // a stream of all symbols, or a confirmation
};

// Reads `<nanoseconds> <JSON>`, a line of a recording of Binance's combined streams.
// `symbol_suffix` goes behind the symbol, so that two markets that use the same names stay apart.
// A pure function. Errors: bad_time, bad_json, bad_utf8, symbol_invalid (with the suffix).
std::variant<recorded_frame, skipped_line, error>
read_recording_line(std::string_view line, std::string_view symbol_suffix);

} // namespace tradepulse
