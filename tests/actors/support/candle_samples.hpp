#pragma once

#include <memory>
#include <string>
#include <vector>

#include "actors/market/candle_builder.hpp"
#include "actors/market/candle_watermark.hpp"

// One symbol's candles, written the way a test reads: whole prices and sizes, times of one day.
namespace tradepulse::candle_samples {

// 2024-08-08T00:00:00Z
inline constexpr std::int64_t midnight = 1'723'075'200'000;
constexpr time_ms clock(int h, int m, int s = 0, int ms = 0) {
  return time_ms{std::chrono::milliseconds{midnight + ((h * 60 + m) * 60 + s) * 1'000 + ms}};
}

inline std::string text(time_ms time) {
  const auto full = to_iso8601(time); // 2024-08-08T00:00:00.000Z
  const bool whole_minute = full.substr(17, 6) == "00.000";
  return (full.substr(0, 10) == "2024-08-08" ? "" : full.substr(5, 6)) +
         full.substr(11, whole_minute ? 5 : 8);
}

// "1m 00:01 o10 h12 l9 c11 v3 n4", then what is not usual: "r2" a revision, "partial".
inline std::string text(const candle& c) {
  const auto whole = [](const char* name, int128 units) {
    std::string out = name;
    append_decimal(out, units);
    return out;
  };
  std::string out(name_of(c.interval));
  out += " " + text(c.start) + whole(" o", c.open.units()) + whole(" h", c.high.units()) +
         whole(" l", c.low.units()) + whole(" c", c.close.units());
  out += c.volume() ? whole(" v", *c.volume()) : " v?";
  out += " n" + std::to_string(c.trades);
  if (c.revision > 0)
    out += " r" + std::to_string(c.revision);
  return out + (c.partial() ? " partial" : "");
}

// And its number in its stream and its record: "1m ... #1/2 @7".
inline std::string text(const candle_fact& fact) {
  return text(fact.candle) + " #" + std::to_string(fact.position.epoch.value()) + "/" +
         std::to_string(fact.position.seq.value()) + " @" + std::to_string(fact.offset.value());
}

// "1m ... through 1/2", "provisional", "withdraws".
inline std::string text(const candle_view& view) {
  return text(view.candle) + " through " + std::to_string(view.through.epoch.value()) + "/" +
         std::to_string(view.through.seq.value()) + (view.provisional ? " provisional" : "") +
         (view.withdraws ? " withdraws" : "");
}

template <class Each>
std::vector<std::string> texts(const std::vector<Each>& all) {
  std::vector<std::string> out;
  for (const auto& each : all)
    out.push_back(text(each));
  return out;
}

using lines = std::vector<std::string>;

// The builder of one symbol and the watermark of its partition. Records are appended to Kafka at
// their event time, unless it says otherwise.
class one_symbol {
 public:
  explicit one_symbol(const candle_options& with)
      : rules(std::make_shared<const candle_options>(with)), builder(rules) {}

  candle_cause record(time_ms time) {
    watermark.observe(time, appended(time));
    return {record_offset{next_offset++}, time, watermark.value(), floor};
  }
  // An event of the symbol; returns what was numbered.
  lines trade(time_ms time, std::int64_t price_units, std::int64_t size = 1) {
    candle_event event{next(), time, price{price_units * decimal_unit},
                       quantity{int128{size} * decimal_unit}};
    return apply(event);
  }
  lines apply(const candle_event& event) {
    std::vector<candle_fact> facts;
    last = builder.apply(event, record(event.event_time), facts);
    return texts(facts);
  }
  // A record of another symbol.
  lines other(time_ms time) {
    std::vector<candle_fact> facts;
    builder.advance(record(time), facts);
    return texts(facts);
  }
  stream_position next() {
    source = {source.epoch, sequence{source.seq.value() + 1}};
    return source;
  }
  void begin_epoch(std::int64_t e) { source = {epoch{e}, sequence{0}}; }

  time_ms appended(time_ms event_time) const {
    return append_time == time_ms::min() ? event_time : append_time;
  }

  std::shared_ptr<const candle_options> rules;
  candle_builder builder;
  partition_watermark watermark{std::chrono::seconds{1}};
  time_ms append_time = time_ms::min(); // its least: that of the event
  epoch floor{1};
  stream_position source{epoch{1}, sequence{0}};
  std::int64_t next_offset = 0;
  candle_builder::outcome last;
};

inline candle_options only(candle_intervals intervals) {
  candle_options out;
  out.intervals = intervals;
  return out;
}

} // namespace tradepulse::candle_samples
