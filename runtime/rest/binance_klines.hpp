#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/kline_interval.hpp"
#include "protocol/ports/http_service.hpp"
#include "runtime/rest/bar_stream.hpp"

// GET /api/v3/klines as Binance's public REST API has it: the section "Kline/Candlestick data" of
// rest-api.md, and errors.md, in https://github.com/binance/binance-spot-api-docs.
namespace tradepulse {

// An error of that API. `status`: what it answers with; 4XX where the request is at fault.
struct binance_error {
  int status = 400;
  int code = 0;
  std::string message;
  bool later = false; // the same request may succeed: Retry-After
};

struct binance_klines_request {
  tradepulse::symbol symbol;
  kline_interval interval = kline_interval::m1;
  // In milliseconds, or in microseconds from 10^14 on; both bounds are inclusive.
  std::optional<time_ms> start;
  std::optional<time_ms> end;
  std::size_t limit = 500; // 1 .. 1000
};

// symbol and interval are mandatory. Errors: -1102 not sent, and a startTime above endTime; -1105
// empty; -1100 not of a parameter's characters; -1120 no such interval; -1130 a value outside its
// bounds, and a timeZone other than 0 (bars are of UTC).
std::optional<binance_error> parse_binance_klines(std::string_view query,
                                                  binance_klines_request& out);

// With a start the oldest ones from there on, else the newest ones (before the end).
bar_query query_of(const binance_klines_request& asked, stream_kind kind);

// [open time, open, high, low, close, volume, close time (the last millisecond), quote volume,
//  trades, taker's volume, taker's quote volume, "0"]: strings with 8 decimals or, where it takes
// more to be exact, more. null: not known (Binance always knows).
void append_binance_row(std::string& out, const bar& of);

// What an error of ours is there: -1121 for an unknown symbol, -1001 with 503 where it may be asked
// again, else -1000 with 500.
binance_error binance_error_of(const error& why);
http_response binance_response(const binance_error& why);

// The row is of the symbol's kline_<interval> or candle_<interval>, as /bars has it; the header
// X-TradePulse-Position says of which, and the position to go on from:
// `stream=kline_1m; epoch=1; seq=41`. A symbol that is known and has no bars of that length gets
// -1120. Answers later. Requires: as bars_route().
http_response binance_klines(const bar_parts& parts, std::string_view query);

} // namespace tradepulse
