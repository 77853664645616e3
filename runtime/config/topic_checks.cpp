#include "runtime/config/topic_checks.hpp"

#include <algorithm>
#include <initializer_list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "protocol/expects.hpp"

namespace tradepulse::config {
namespace {

constexpr std::string_view dead_letter_suffix = ".dead-letter";

std::optional<topic_decoder> decoder_of(std::string_view topic) {
  if (topic == "price-ticks")
    return topic_decoder::price_ticks;
  if (topic == "stock-trades")
    return topic_decoder::stock_trades;
  if (topic == "stock-bars")
    return topic_decoder::stock_bars;
  if (topic == "market_data" || topic.starts_with("kline"))
    return topic_decoder::binance_klines;
  if (topic.starts_with("market-data."))
    return topic_decoder::market_price;
  return std::nullopt;
}

std::string member(std::size_t topic, std::string_view name) {
  return "topics[" + std::to_string(topic) + "]." + std::string(name);
}

// Which streams more than one topic feeds.
class shared_streams {
 public:
  explicit shared_streams(const std::vector<topic_settings>& topics) : topics_(topics) {
    using enum topic_decoder;
    add("price", {price_ticks, market_price, binance_stream, stock_trades});
    add("trade", {binance_stream, stock_trades});
    add("quote", {binance_stream});
    add("kline_<interval>", {binance_stream, binance_klines});
    std::set<kline_interval> of_bars;
    for (const topic_settings& each : topics)
      if (each.decoder == stock_bars)
        of_bars.insert(each.interval);
    for (const kline_interval interval : of_bars)
      add("kline_" + std::string(name_of(interval)), {binance_stream, binance_klines, stock_bars},
          interval);
  }

  // A line for those that the same topics feed.
  std::vector<std::string> told() const {
    std::vector<std::string> out;
    for (const auto& [topics, names] : names_)
      out.push_back(std::to_string(topics.size()) + " topics feed the stream" +
                    (names.find(',') == std::string::npos ? " " : "s ") + names +
                    ": a symbol that comes from two of them changes its home again and again, "
                    "loses its order and is marked unordered; give each symbol one topic");
    return out;
  }

 private:
  void add(const std::string& stream, std::initializer_list<topic_decoder> from,
           kline_interval of_bars = {}) {
    std::vector<std::size_t> topics;
    for (std::size_t i = 0; i < topics_.size(); ++i) {
      const topic_settings& each = topics_[i];
      const bool feeds = std::find(from.begin(), from.end(), each.decoder) != from.end();
      if (feeds && (each.decoder != topic_decoder::stock_bars || each.interval == of_bars))
        topics.push_back(i);
    }
    if (topics.size() < 2)
      return;
    std::string& names = names_[std::move(topics)];
    names += (names.empty() ? "" : ", ") + stream;
  }

  const std::vector<topic_settings>& topics_;
  std::map<std::vector<std::size_t>, std::string> names_; // of streams, by their topics
};

void check_name(const settings& s, const effective_value& topics, std::size_t i,
                diagnostics& faults) {
  const std::string& name = s.topics[i].name;
  const origin& where = find(topics.elements[i], "name").where;
  const std::string shown = member(i, "name") + " = \"" + name + "\": ";
  constexpr std::string_view good =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-*";
  if (name.find_first_not_of(good) != std::string::npos || name == "." || name == "..")
    faults.push_back({where, shown + "not a topic, allowed A-Za-z0-9._- and * in a glob"});
  const bool globs = std::any_of(s.topics.begin(), s.topics.end(),
                                 [](const topic_settings& t) { return t.is_glob(); });
  if (name.ends_with(dead_letter_suffix) && globs)
    faults.push_back({where, shown + "a dead-letter topic cannot be read together with a glob, "
                                     "which never matches one"});
  for (std::size_t j = 0; j < i; ++j)
    if (s.topics[j].name == name)
      faults.push_back({where, shown + "there twice, also as topics[" + std::to_string(j) + "] (" +
                                   to_string(find(topics.elements[j], "name").where) + ")"});
}

// A key that only one decoder asks for. Its default may stand there: it is in what is printed.
void check_key(const effective_values& topic, std::size_t i, std::string_view key, bool asked,
               std::string_view only, diagnostics& faults) {
  const effective_value& given = find(topic, key);
  if (!asked && given.text != given.row->fallback)
    faults.push_back(
        {given.where, member(i, key) + " = " + given.text + ": has no effect on decoder = " +
                          find(topic, "decoder").text + ", only on " + std::string(only)});
}

} // namespace

void complete_topics(settings& s, effective_values& effective, diagnostics& faults) {
  const auto topics = std::find_if(effective.begin(), effective.end(),
                                   [](const effective_value& v) { return v.name == "topics"; });
  TRADEPULSE_EXPECTS(topics != effective.end() && topics->elements.size() == s.topics.size());
  for (std::size_t i = 0; i < s.topics.size(); ++i) {
    topic_settings& topic = s.topics[i];
    if (topic.decoder != topic_decoder::by_name)
      continue;
    for (effective_value& each : topics->elements[i]) {
      if (each.name != "decoder")
        continue;
      if (const auto known = decoder_of(topic.name)) {
        topic.decoder = *known;
        each.text = choices_of(*each.row)[static_cast<std::size_t>(*known)];
      } else {
        const origin& where = each.set() ? each.where : find(topics->elements[i], "name").where;
        faults.push_back({where, member(i, "decoder") +
                                     " = by-name: nothing is known of a topic \"" + topic.name +
                                     "\", allowed " + allowed(*each.row)});
      }
    }
  }
}

void check_topics(const settings& s, const effective_values& effective, diagnostics& faults,
                  diagnostics& warnings) {
  const effective_value& topics = find(effective, "topics");
  for (std::size_t i = 0; i < s.topics.size(); ++i) {
    check_name(s, topics, i, faults);
    const topic_decoder decoder = s.topics[i].decoder;
    check_key(topics.elements[i], i, "interval", decoder == topic_decoder::stock_bars, "stock-bars",
              faults);
    check_key(topics.elements[i], i, "aggregate_trades", decoder == topic_decoder::binance_stream,
              "binance-stream", faults);
    check_key(topics.elements[i], i, "own_sequence", decoder == topic_decoder::binance_klines,
              "binance-klines", faults);
  }
  for (std::string& line : shared_streams(s.topics).told())
    warnings.push_back({topics.where, std::move(line)});
}

} // namespace tradepulse::config
