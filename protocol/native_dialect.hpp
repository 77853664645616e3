#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/client_messages.hpp"
#include "protocol/error_codes.hpp"
#include "protocol/market_events.hpp"
#include "protocol/numbered_event.hpp"
#include "protocol/price_snapshot.hpp"
#include "protocol/stream_kind.hpp"

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

// {"type":"trade","data":{"symbol","stream":"trade","epoch","sequence","timestamp","price","size",
//  "side"?:"buy"|"sell","trade_id"?,"source_sequence"?,"late"?}}; side: what the taker did.
void append_trade(std::string& out, const symbol& name, epoch e, const numbered_trade& event,
                  bool numbers_as_strings);
// The same with "type":"quote", and "bid","bid_size","ask","ask_size".
void append_quote(std::string& out, const symbol& name, epoch e, const numbered_quote& event,
                  bool numbers_as_strings);
// first_seq and n are added, and quote_seq where it is not `sequence`. One of a single quote is
// written as a plain one.
void append_merged_quote(std::string& out, const merged_quote& quote, bool numbers_as_strings);
// As a trade, with "type":"kline","stream":"kline_<interval>", and "start","end","open","high",
// "low","close","volume","quote_volume"?,"taker_buy_volume"?,"taker_buy_quote_volume"?,"trades"?,
// "first_trade_id"?,"last_trade_id"?,"closed".
void append_kline(std::string& out, const symbol& name, stream_kind kind, epoch e,
                  const numbered_kline& event, bool numbers_as_strings);
// As a kline, with "type":"candle","stream":"candle_<interval>", and "partial"?:true,
// "source_epoch","first_seq"?,"last_seq"?,"revision"; quote volumes have up to 16 decimals, volumes
// that are not known are left out, "first_seq" and "last_seq" of a flat candle as well.
void append_candle(std::string& out, const symbol& name, stream_kind kind, epoch e,
                   const numbered_candle& event, bool numbers_as_strings);
// {"type":"candle_view","data":{"symbol","stream","source":"price"|"trade","through":{"epoch",
//  "seq"},"start",... as a candle, "provisional"?}}; not numbered. provisional: true where it is
// over by the wall clock alone; false where an event has come and takes that back.
void append_candle_view(std::string& out, const symbol& name, stream_kind source,
                        const candle_view& view, bool numbers_as_strings);

// Of a subscription that goes on from a position of its client: the first event that is due (behind
// `to` where none is), where it joins the live stream as far as is known now, and how many events
// between cannot be had (absent: not known; each hole is announced by a gap anyway).
struct recovered_span {
  stream_position from;
  stream_position to;
  std::optional<std::int64_t> lost;
};
struct join_position {
  tradepulse::symbol symbol;
  bool known = false;
  stream_position position; // where it joins; not of one that is recovered
  std::optional<recovered_span> recovered = {};
  stream_kind kind{};
};
// {"type":"subscribed","id"?,"symbols":[...],"positions":[{"symbol","stream","known",
//  "epoch","seq","recovered":false}]}; each symbol is named once, each stream has a position of its
//  own. Where it is recovered, epoch and seq are those of `to`, and "recovered":true,
//  "from":{"epoch","seq"},"to":{"epoch","seq"},"lost":n|null.
void append_subscribed(std::string& out, std::string_view id,
                       std::span<const join_position> joined);
// {"type":"unsubscribed","id"?,"symbols":[...],"streams"?:[...]}: of each of the symbols each of
// the streams was left; no streams where it is only `price`. Where some symbols were left by other
// streams than others, "subscriptions":[{"symbol","stream"}] in place of the streams names each.
// Requires: the streams of a symbol are side by side, each once.
void append_unsubscribed(std::string& out, std::string_view id, std::span<const stream_key> left);
// {"type":"subscriptions","id"?,"subscriptions":[{"symbol","stream"}],"count"}
void append_subscriptions(std::string& out, std::string_view id,
                          std::span<const stream_key> streams);
// {"type":"gap","symbol","stream","epoch","from","to"|null,"reason"}
void append_gap(std::string& out, const stream_key& stream, epoch e, sequence from,
                std::optional<sequence> to, std::string_view reason);
// {"type":"error","id"?,"code","message","retryable","symbol"?,"stream"?}; the stream where it is
// about one that is not `price`.
void append_error(std::string& out, std::string_view id, errc code, std::string_view message,
                  std::optional<stream_key> about = std::nullopt);
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
