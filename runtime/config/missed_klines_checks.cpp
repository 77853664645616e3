#include "runtime/config/missed_klines_checks.hpp"

#include <algorithm>
#include <string>
#include <string_view>

namespace tradepulse::config {
namespace {

using from = missed_klines_from;

// Of any length: stock-bars bring one.
bool brings_klines(const topic_settings& topic) {
  return topic.brings_klines(topic.interval);
}
bool makes_candles(const topic_settings& topic) {
  return topic.candles != candle_source::none;
}

// Whether klines of the one and candles of the other may be of the same length.
bool same_lengths(const settings& s, const topic_settings& klines) {
  const auto& made = s.candles.intervals;
  return klines.decoder != topic_decoder::stock_bars ||
         std::find(made.begin(), made.end(), name_of(klines.interval)) != made.end();
}

class checker {
 public:
  checker(const settings& s, const effective_values& effective, diagnostics& faults,
          diagnostics& warnings)
      : s_(s), topics_(find(effective, "topics")), faults_(faults), warnings_(warnings) {}

  void all() {
    for (std::size_t i = 0; i < s_.topics.size(); ++i) {
      check_given(i);
      if (!makes_candles(s_.topics[i]))
        continue;
      tell_of_numbers(i);
      tell_of_change(i);
    }
  }

 private:
  const effective_value& key(std::size_t topic) const {
    return find(topics_.elements[topic], "missed_klines");
  }
  // The key, or what makes it matter.
  const origin& where(std::size_t topic) const {
    return key(topic).set() ? key(topic).where
                            : find(topics_.elements[topic], "candles.source").where;
  }
  std::string named(std::size_t topic) const {
    return "topics[" + std::to_string(topic) + "] \"" + s_.topics[topic].name + "\"";
  }

  void check_given(std::size_t i) {
    const auto& topic = s_.topics[i];
    if (topic.missed_klines == from::as_bars)
      return;
    const auto shown = "topics[" + std::to_string(i) + "].missed_klines = " + key(i).text + ": ";
    if (!makes_candles(topic))
      faults_.push_back({key(i).where, shown + "has no effect where candles.source = none"});
    else if (topic.missed_klines == from::klines &&
             std::none_of(s_.topics.begin(), s_.topics.end(), brings_klines))
      faults_.push_back({key(i).where, shown + "no topic brings klines; leave it out"});
  }

  void tell_of_numbers(std::size_t i) {
    if (s_.klines.missed_numbers == kline_numbers::source &&
        s_.topics[i].missed_klines != from::klines)
      warnings_.push_back({where(i), named(i) + " makes candles, to which upstream gives no "
                                                "numbers: where they answer "
                                                "/api/v1/klines/missed it is by the engine's, "
                                                "although klines.missed_numbers = source"});
  }

  void tell_of_change(std::size_t i) {
    if (s_.topics[i].missed_klines != from::as_bars)
      return;
    for (std::size_t j = 0; j < s_.topics.size(); ++j) {
      if (!brings_klines(s_.topics[j]) || !same_lengths(s_, s_.topics[j]))
        continue;
      warnings_.push_back(
          {where(i), named(i) + " makes candles and " +
                         (i == j ? "brings klines" : named(j) + " brings klines") +
                         ": of a symbol that has both /api/v1/klines/missed answers with candles "
                         "until the first kline has come, and with klines from then on; say "
                         "missed_klines = klines or candles"});
      return;
    }
  }

  const settings& s_;
  const effective_value& topics_;
  diagnostics& faults_;
  diagnostics& warnings_;
};

} // namespace

void check_missed_klines(const settings& s, const effective_values& effective, diagnostics& faults,
                         diagnostics& warnings) {
  checker(s, effective, faults, warnings).all();
}

} // namespace tradepulse::config
