#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "protocol/identifiers.hpp"
#include "protocol/result.hpp"
#include "protocol/stream_kind.hpp"
#include "protocol/stream_position.hpp"

namespace tradepulse {

// GET /api/v1/events/missed?symbol&stream&epoch&fromSeq&toSeq&limit as it was asked.
struct missed_request {
  tradepulse::symbol symbol;
  stream_kind kind;                       // of the stream; `price` where none was named
  std::optional<tradepulse::epoch> epoch; // absent: the current one
  sequence from;                          // exclusive
  std::optional<sequence> to;             // inclusive; absent: as far as is known
  std::size_t limit = 100;
};

// Numbers are decimal digits and nothing else.
// Errors: bad_request, symbol_invalid; each names the parameter.
result<missed_request> parse_missed_request(std::string_view query);

} // namespace tradepulse
