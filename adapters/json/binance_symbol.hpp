#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "protocol/result.hpp"

namespace tradepulse::json {

// Where a combined-stream frame of Binance, `{"stream":..,"data":{..,"s":"BTCUSDT",..}}`, names its
// symbol.
struct binance_symbol {
  bool has_stream = false; // false: not a frame of a stream (a REST answer in a recording)
  std::string text;        // of `data.s`, unescaped; empty where there is none
  std::size_t end = 0;     // offset of the quote that ends it: text put there becomes its suffix
};

// Finds it without changing a byte of the frame. A doubled member: the last one counts, wholly, as
// everywhere in our reading of JSON.
// Errors: bad_json, bad_utf8 (also NUL); also for a frame nested deeper than 32.
result<binance_symbol> find_binance_symbol(std::string_view frame);

} // namespace tradepulse::json
