#include "runtime/rest/bar_stream.hpp"

#include <utility>

namespace tradepulse {
namespace {

using state = symbol_directory::lookup_state;

bar_stream looked_up(const symbol_directory& directory, const stream_key& stream) {
  const auto known = directory.find(stream);
  bar_stream out{stream.kind, known.state, {}, {}, {}};
  if (known.snapshot)
    out.published = known.snapshot->position;
  return out;
}

// A stream that nobody has seen since the start has no home yet: its topic is not known.
bool is_configured(const bar_parts& parts, const stream_key& klines, kline_interval interval) {
  const auto home = parts.directory->home_of(klines);
  return !home || !parts.brings_klines || parts.brings_klines(home->topic, interval);
}

std::vector<candle_view> views_of(const bar_parts& parts, const symbol& name,
                                  candle_interval interval) {
  if (!parts.views_of)
    return {};
  auto out = parts.views_of(name);
  std::erase_if(out,
                [interval](const candle_view& each) { return each.candle.interval != interval; });
  return out;
}

missed_klines_from missed_from(const bar_parts& parts, const symbol& name,
                               kline_interval interval) {
  std::vector<stream_kind> kinds{stream_kind::trade, stream_kind::price};
  if (const auto length = parse_candle_interval(name_of(interval)))
    kinds.insert(kinds.begin(), stream_kind::candle(*length));
  auto out = missed_klines_from::as_bars;
  for (auto kind = kinds.begin(); kind != kinds.end() && out == missed_klines_from::as_bars; ++kind)
    if (const auto home = parts.directory->home_of({name, *kind}); home && parts.missed_from)
      out = parts.missed_from(home->topic, interval);
  return out;
}

} // namespace

bar_stream find_bar_stream(const bar_parts& parts, const symbol& name, kline_interval interval) {
  const stream_key of_klines{name, stream_kind::kline(interval)};
  auto klines = looked_up(*parts.directory, of_klines);
  if (klines.state != state::unknown && is_configured(parts, of_klines, interval))
    return klines;
  if (const auto length = parse_candle_interval(name_of(interval))) {
    const stream_key of_candles{name, stream_kind::candle(*length)};
    auto candles = looked_up(*parts.directory, of_candles); // first: what it tells is in `waiting`
    candles.views = views_of(parts, name, *length);
    if (parts.waiting_of)
      candles.waiting = parts.waiting_of(of_candles);
    if (candles.state == state::unknown && !candles.views.empty())
      candles.state = state::found; // its first candle is open
    if (candles.state != state::unknown)
      return candles;
  }
  return klines;
}

bar_stream find_missed_stream(const bar_parts& parts, const symbol& name, kline_interval interval) {
  switch (missed_from(parts, name, interval)) {
  case missed_klines_from::klines:
    return looked_up(*parts.directory, {name, stream_kind::kline(interval)});
  case missed_klines_from::candles:
    if (const auto length = parse_candle_interval(name_of(interval)))
      return looked_up(*parts.directory, {name, stream_kind::candle(*length)});
    break;
  case missed_klines_from::as_bars:
    break;
  }
  auto out = find_bar_stream(parts, name, interval);
  if (!out.published)
    out.state = state::unknown;
  return out;
}

std::optional<error> no_bars(const symbol& name, kline_interval interval, const bar_stream& from,
                             const bars_of_symbol& found) {
  if (found.any || from.state != state::unknown)
    return std::nullopt;
  return error{errc::unknown_symbol,
               "symbol " + name.str() + " has no bars of " + std::string(name_of(interval))};
}

} // namespace tradepulse
