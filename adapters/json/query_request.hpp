#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "protocol/identifiers.hpp"
#include "protocol/result.hpp"

namespace tradepulse {

struct query_limits {
  std::size_t max_bytes = std::size_t{1024} * 1024;
  std::size_t max_symbols = 10'000;
};

// Reads the body of POST /api/snapshots/query: {"symbols":["AAPL","BTC/USD"]}. Returns the symbols
// without doubles, in their order; an empty list is an empty answer. Other members are ignored.
// Errors: bad_json, bad_utf8, bad_number, out_of_range (not usable JSON), too_large (bytes,
// symbols), missing_member, bad_request (form), symbol_invalid (a text that no symbol can have:
// it names the element, because listing it as missing would hide a typing error).
// Thread: any.
result<std::vector<symbol>> parse_query_request(std::string_view body,
                                                const query_limits& limits = {});

} // namespace tradepulse
