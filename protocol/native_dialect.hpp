#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/client_messages.hpp"
#include "protocol/error_codes.hpp"
#include "protocol/numbered_event.hpp"
#include "protocol/price_snapshot.hpp"

// The JSON text of the native dialect's server messages. Each function appends one message,
// without a frame header. Numbers are exact decimals; `numbers_as_strings` puts them (price,
// volume, n's extremes; not sequences, times) in quotes. An unknown volume is written as null.
namespace tradepulse::native {

// {"type":"price_update","data":{"symbol","price","volume","timestamp","sequence","epoch",
//  "source_sequence"?,"late"?}}
void append_price_update(std::string& out, const symbol& name, epoch e, const numbered_event& event,
                         bool numbers_as_strings);
// first_seq, n, o, h, l, c are added, and price_seq where it is not `sequence`. A merged update of
// one event is written as a plain one.
void append_merged_update(std::string& out, const merged_update& update, bool numbers_as_strings);
// {"type":"price_update","snapshot":true,"data":{...}} with price_seq where it is not `sequence`.
void append_snapshot(std::string& out, const price_snapshot& snapshot, bool numbers_as_strings);

struct join_position {
  tradepulse::symbol symbol;
  bool known = false;
  stream_position position;
};
// {"type":"subscribed","id"?,"symbols":[...],"positions":[{"symbol","stream":"price","known",
//  "epoch","seq","recovered":false}]}
void append_subscribed(std::string& out, std::string_view id,
                       std::span<const join_position> joined);
// {"type":"unsubscribed","id"?,"symbols":[...]}
void append_unsubscribed(std::string& out, std::string_view id, std::span<const symbol> symbols);
// {"type":"subscriptions","id"?,"subscriptions":[{"symbol","stream":"price"}],"count"}
void append_subscriptions(std::string& out, std::string_view id, std::span<const symbol> symbols);
// {"type":"gap","symbol","stream":"price","epoch","from","to"|null,"reason"}
void append_gap(std::string& out, const symbol& name, epoch e, sequence from,
                std::optional<sequence> to, std::string_view reason);
// {"type":"error","id"?,"code","message","retryable","symbol"?}
void append_error(std::string& out, std::string_view id, errc code, std::string_view message,
                  std::optional<symbol> about = std::nullopt);
// {"type":"ping","timestamp"} and {"type":"pong","id"?,"timestamp"}
void append_ping(std::string& out, time_ms now);
void append_pong(std::string& out, std::string_view id, time_ms now);

// The body of GET /api/snapshots/{symbol}: {"symbol","price","volume","timestamp","epoch","seq",
//  "price_seq"?,"source_sequence"?}
void append_rest_snapshot(std::string& out, const price_snapshot& snapshot);
// {"error":{"code":"<name>","message","retryable"}}
void append_rest_error(std::string& out, errc code, std::string_view message);

// A JSON string with its quotes; invalid UTF-8 becomes U+FFFD.
void append_json_string(std::string& out, std::string_view text);

} // namespace tradepulse::native
