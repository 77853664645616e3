#pragma once

#include <cstddef>
#include <string_view>

#include "protocol/candle_interval.hpp"
#include "protocol/client_messages.hpp"

namespace tradepulse {

struct client_message_limits {
  std::size_t max_bytes = std::size_t{64} * 1024;
  std::size_t max_depth = 8;
  std::size_t max_id_bytes = 64; // of JSON text
  std::size_t max_symbols = 10'000;
  std::size_t max_streams = 64;
  // Refused symbols that are named one by one; one more entry counts the rest, so that a small
  // message cannot ask for a flood of errors.
  std::size_t max_refused_symbols = 100;
  // The lengths of candles that there are, of some symbols at least. Empty: none are made.
  candle_intervals candles{};
};

// Reads a message of the native dialect.
//   subscribe, unsubscribe   `symbol` and `symbols` are merged in the order they came; `streams`
//                            defaults to ["price"], doubles are dropped. What cannot be served is
//                            in `refused`: symbols against the rule, streams, `delivery`, members
//                            that are not known, candles of a length that is not
//                            made (unsupported). `timestamp` is ignored; null counts as absent.
//                            `since` is a position or a time for all, or a map by symbol, by stream
//                            or by both (adapters/json/since_member.hpp); a wrong one refuses the
//                            request.
//   list, ping, pong         other members are ignored
// Everything else is an invalid_request: bad_json, bad_utf8, bad_number, out_of_range (not usable
// JSON), too_large (bytes, symbols), bad_request (form), unknown_message (`type`), unsupported
// (auth, refresh, and the dialects that `method` and `action` speak).
// Thread: any.
client_message parse_client_message(std::string_view text,
                                    const client_message_limits& limits = {});

} // namespace tradepulse
