#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/identifiers.hpp"
#include "protocol/kline_interval.hpp"
#include "protocol/result.hpp"
#include "protocol/timestamps.hpp"

namespace tradepulse {

// GET /bars/{symbol}?interval&end&limit: the newest ones that start before `end`;
// GET /bars/{symbol}/range?start&end&interval&limit: from `start` on.
struct bar_request {
  tradepulse::symbol symbol;
  kline_interval interval = kline_interval::m1;
  std::optional<time_ms> start; // inclusive
  std::optional<time_ms> end;   // exclusive
  std::size_t limit = 100;
  bool newest = false;
};

// GET /bars/latest?symbols&interval, or ?interval&limit&after: the newest bar of each.
struct latest_request {
  std::vector<tradepulse::symbol> symbols; // none: of all, in their order, `limit` behind `after`
  kline_interval interval = kline_interval::m1;
  std::optional<tradepulse::symbol> after;
  std::size_t limit = 100;
};

// `segment`: the symbol, still percent-encoded. Errors: bad_request, symbol_invalid; each names the
// parameter, what came and what is allowed.
result<bar_request> parse_bar_request(std::string_view segment, std::string_view query);
result<bar_request> parse_bar_range_request(std::string_view segment, std::string_view query);
result<latest_request> parse_latest_request(std::string_view query);

} // namespace tradepulse
