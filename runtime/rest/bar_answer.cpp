#include "runtime/rest/bar_answer.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "protocol/decimal.hpp"
#include "runtime/rest/query_string.hpp"

namespace tradepulse {
namespace {

std::optional<std::string> decimal_of(const std::optional<int128>& units) {
  if (!units)
    return std::nullopt;
  std::string out;
  append_decimal(out, *units);
  return out;
}

std::optional<std::string> quote_decimal_of(const std::optional<int128>& units) {
  if (!units)
    return std::nullopt;
  std::string out;
  append_quote_volume(out, *units);
  return out;
}

bool is_asked_for(time_ms start, const bar_query& query) {
  return (!query.from || start >= *query.from) && (!query.until || start < *query.until);
}

void put(std::string& out, std::string_view member, std::string_view value) {
  out.append(R"(,")").append(member).append(R"(":)").append(value);
}
void put(std::string& out, std::string_view member, std::int64_t value) {
  put(out, member, std::to_string(value));
}
void put(std::string& out, std::string_view member, price value) {
  put(out, member, value.to_string());
}
template <class Value>
void put_known(std::string& out, std::string_view member, const std::optional<Value>& value) {
  if (value)
    put(out, member, *value);
}

std::int64_t ms_of(time_ms time) {
  return time.time_since_epoch().count();
}

// A number that a query would take for seconds is written out.
std::string askable(time_ms time) {
  return time < earliest_in_milliseconds ? '"' + to_iso8601(time) + '"'
                                         : std::to_string(ms_of(time));
}

std::string place(stream_position at) {
  return R"({"epoch":)" + std::to_string(at.epoch.value()) + R"(,"seq":)" +
         std::to_string(at.seq.value()) + "}";
}

// What is published and neither committed nor in memory, of the newest epoch.
std::string gaps(const bar_stream& from, stream_position committed) {
  if (!from.published || *from.published <= committed)
    return "[]";
  const auto last = *from.published;
  const auto first = last.epoch == committed.epoch ? committed.seq.value() + 1 : 1;
  if (first > last.seq.value()) // an epoch that has begun without an event
    return "[]";
  std::string out = R"([{"epoch":)" + std::to_string(last.epoch.value());
  put(out, "from", first);
  put(out, "to", last.seq.value());
  return out + R"(,"reason":"not_committed"}])";
}

bar bar_of(const candle& from) {
  bar out;
  out.start = from.start;
  out.end = from.end();
  out.open = from.open;
  out.high = from.high;
  out.low = from.low;
  out.close = from.close;
  out.volume = decimal_of(from.volume());
  out.quote_volume = quote_decimal_of(from.quote_volume());
  out.taker_buy_volume = decimal_of(from.taker_buy_volume());
  out.taker_buy_quote_volume = quote_decimal_of(from.taker_buy_quote_volume());
  out.trades = from.trades;
  out.first_trade_id = from.opening_trade_id();
  out.last_trade_id = from.closing_trade_id();
  out.closed = from.closed();
  out.source_epoch = from.source_epoch;
  out.first_seq = from.first_seq;
  out.last_seq = from.last_seq;
  out.partial = from.partial();
  return out;
}

// An open candle as it is shown: without a position, with `through`.
bar bar_of(const candle_view& view) {
  auto out = bar_of(view.candle);
  out.closed = view.provisional || view.candle.closed();
  out.through = view.through;
  out.provisional = view.provisional;
  return out;
}

// As the table will have it.
bar bar_of(const waiting_candles::close& close, epoch of) {
  auto out = bar_of(close.candle);
  out.position = stream_position{of, close.seq};
  out.revision = close.candle.revision;
  return out;
}

// Of one start the greater position counts, and any before none.
void add(bars_of_symbol& stored, bar one, const bar_query& query) {
  if (!is_asked_for(one.start, query))
    return;
  auto& bars = stored.bars;
  const auto at = std::ranges::lower_bound(bars, one.start, {}, &bar::start);
  if (at != bars.end() && at->start == one.start) {
    if (one.position > at->position)
      *at = std::move(one);
    return;
  }
  // Beyond the page: later than all of it, or earlier, where there are others between.
  if (stored.more && at == (query.newest ? bars.begin() : bars.end()))
    return;
  bars.insert(at, std::move(one));
  stored.any = true;
}

} // namespace

void add_memory(bars_of_symbol& stored, const bar_stream& from, const bar_query& query) {
  for (const auto& part : from.waiting) {
    for (const auto& each : part.newest)
      add(stored, bar_of(each, part.epoch), query);
    if (part.epoch == stored.committed.epoch &&
        part.first.value() <= stored.committed.seq.value() + 1)
      stored.committed.seq = std::max(stored.committed.seq, part.last);
    else if (part.epoch > stored.committed.epoch && part.first == sequence{1})
      stored.committed = {part.epoch, part.last};
  }
  for (const auto& each : from.views)
    add(stored, bar_of(each), query);
  auto& bars = stored.bars;
  if (bars.size() <= query.limit)
    return;
  stored.more = true;
  if (query.newest)
    bars.erase(bars.begin(), bars.end() - static_cast<std::ptrdiff_t>(query.limit));
  else
    bars.resize(query.limit);
}

void append_bar(std::string& out, const bar& of) {
  out += R"("timestamp":)" + std::to_string(ms_of(of.start));
  put(out, "start", ms_of(of.start));
  put(out, "end", ms_of(of.end));
  put(out, "open", of.open);
  put(out, "high", of.high);
  put(out, "low", of.low);
  put(out, "close", of.close);
  put(out, "volume", of.volume.value_or("null"));
  put_known(out, "quote_volume", of.quote_volume);
  put_known(out, "taker_buy_volume", of.taker_buy_volume);
  put_known(out, "taker_buy_quote_volume", of.taker_buy_quote_volume);
  put_known(out, "trades", of.trades);
  put_known(out, "first_trade_id", of.first_trade_id);
  put_known(out, "last_trade_id", of.last_trade_id);
  put(out, "closed", of.closed ? (*of.closed ? "true" : "false") : "null");
  put(out, "epoch", of.position ? std::to_string(of.position->epoch.value()) : "null");
  put(out, "seq", of.position ? std::to_string(of.position->seq.value()) : "null");
  if (of.revision)
    put(out, "revision", *of.revision);
  if (of.source_epoch)
    put(out, "source_epoch", of.source_epoch->value());
  if (of.first_seq != sequence{0}) {
    put(out, "first_seq", of.first_seq.value());
    put(out, "last_seq", of.last_seq.value());
  }
  if (of.partial)
    put(out, "partial", "true");
  if (of.through)
    put(out, "through", place(*of.through));
  if (of.provisional)
    put(out, "provisional", "true");
}

std::string bars_body(const bar_request& asked, const bar_stream& from,
                      const bars_of_symbol& found) {
  const auto& bars = found.bars;
  const bool numbered = found.committed != stream_position{};
  std::string out = R"({"symbol":")" + asked.symbol.str() + R"(","interval":")" +
                    std::string(name_of(asked.interval)) + R"(","source":")" + name_of(from.kind) +
                    R"(")";
  put(out, "epoch", numbered ? std::to_string(found.committed.epoch.value()) : "null");
  put(out, "seq", numbered ? std::to_string(found.committed.seq.value()) : "null");
  put(out, "count", std::to_string(bars.size()));
  out += R"(,"data":[)";
  for (std::size_t i = 0; i < bars.size(); ++i) {
    out += i == 0 ? "{" : ",{";
    append_bar(out, bars[i]);
    out += "}";
  }
  out += "]";
  if (found.more && !bars.empty())
    put(out, "next",
        askable(asked.newest ? bars.front().start
                             : bars.back().start + std::chrono::milliseconds{1}));
  put(out, "gaps", gaps(from, found.committed));
  return out + "}";
}

} // namespace tradepulse
