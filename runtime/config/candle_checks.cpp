#include "runtime/config/candle_checks.hpp"

#include <string>
#include <string_view>
#include <vector>

#include "protocol/expects.hpp"
#include "runtime/config/quantities.hpp"

namespace tradepulse::config {
namespace {

// What a decoder gives of what candles can be made of.
struct given_streams {
  bool trades;
  bool prices;
};
given_streams streams_of(topic_decoder decoder) {
  using enum topic_decoder;
  switch (decoder) {
  case binance_stream:
  case stock_trades:
    return {true, true};
  case price_ticks:
  case market_price:
    return {false, true};
  case stock_bars:
  case binance_klines:
  case by_name:
    break;
  }
  return {false, false};
}

std::string named(std::size_t topic, const std::string& name) {
  return "topics[" + std::to_string(topic) + "] \"" + name + "\"";
}

void check_source(const settings& s, const effective_values& topic, std::size_t i,
                  diagnostics& faults) {
  const candle_source source = s.topics[i].candles;
  const given_streams given = streams_of(s.topics[i].decoder);
  if (source == candle_source::none ||
      (source == candle_source::trade ? given.trades : given.prices))
    return;
  const effective_value& told = find(topic, "candles.source");
  const std::string_view wanted = source == candle_source::trade ? "trades" : "prices";
  faults.push_back({told.where, "topics[" + std::to_string(i) + "].candles.source = " + told.text +
                                    ": decoder = " + find(topic, "decoder").text + " gives no " +
                                    std::string(wanted) +
                                    (given.prices ? ", set price" : "; leave it out")});
}

// Rows of closed candles are kept for each symbol.
void check_lateness(const settings& s, const effective_values& effective, diagnostics& faults) {
  constexpr std::int64_t most_candles = 3'600;
  const candle_interval shortest = s.candles.lengths().shortest();
  const auto most = most_candles * length_of(shortest);
  if (s.candles.lateness <= most)
    return;
  const effective_value& lateness = find(effective, "candles.lateness");
  const effective_value& intervals = find(effective, "candles.intervals");
  faults.push_back(
      {lateness.set() || !intervals.set() ? lateness.where : intervals.where,
       "candles.lateness = " + lateness.text + ": at most " + format_duration(most.count()) +
           " with candles of " + std::string(name_of(shortest)) +
           " in candles.intervals: so many closed ones of each symbol are kept for corrections"});
}

// A symbol that comes from both has candles of one source at a time.
void check_shared(const settings& s, const effective_values& effective, diagnostics& warnings) {
  std::vector<std::size_t> with;
  for (std::size_t i = 0; i < s.topics.size(); ++i)
    if (s.topics[i].candles != candle_source::none)
      with.push_back(i);
  const effective_value& topics = find(effective, "topics");
  if (with.empty()) {
    for (const effective_value& each : effective)
      if (each.name.starts_with("candles.") && each.set())
        warnings.push_back({each.where, each.name + " = " + each.text +
                                            ": has no effect while no topic has candles.source"});
    return;
  }
  for (std::size_t i = 1; i < with.size(); ++i)
    warnings.push_back(
        {find(topics.elements[with[i]], "candles.source").where,
         named(with[0], s.topics[with[0]].name) + " and " + named(with[i], s.topics[with[i]].name) +
             " both make candles: a symbol that comes from both has candles of one of them at a "
             "time, in one stream that begins a new epoch with each change; give each symbol one "
             "topic"});
}

} // namespace

candle_intervals candle_settings::lengths() const {
  candle_intervals out;
  for (const std::string& each : intervals) {
    const auto known = parse_candle_interval(each);
    TRADEPULSE_EXPECTS(known.has_value()); // the schema allows no other
    out.insert(*known);
  }
  return out;
}

void check_candles(const settings& s, const effective_values& effective, diagnostics& faults,
                   diagnostics& warnings) {
  const effective_value& topics = find(effective, "topics");
  for (std::size_t i = 0; i < s.topics.size(); ++i)
    check_source(s, topics.elements[i], i, faults);
  check_lateness(s, effective, faults);
  check_shared(s, effective, warnings);
}

} // namespace tradepulse::config
