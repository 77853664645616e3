#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "protocol/identifiers.hpp"
#include "protocol/kline_interval.hpp"
#include "protocol/result.hpp"

namespace tradepulse {

// GET /api/v1/klines/missed?symbol&fromSeq&toSeq&limit&interval as it was asked.
struct missed_klines_request {
  tradepulse::symbol symbol;
  kline_interval interval = kline_interval::m1;
  std::int64_t from = 0; // exclusive
  std::int64_t to = 0;   // inclusive
  std::size_t limit = 100;
};

// symbol, fromSeq and toSeq are required. Numbers are decimal digits and nothing else; how far
// fromSeq and toSeq are apart has no bound. Errors: bad_request, symbol_invalid; each names the
// parameter.
result<missed_klines_request> parse_missed_klines_request(std::string_view query);

} // namespace tradepulse
