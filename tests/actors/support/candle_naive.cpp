#include "tests/actors/support/candle_naive.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace tradepulse {
namespace {

std::int64_t ms(time_ms time) {
  return time.time_since_epoch().count();
}

std::int64_t start_ms(time_ms time, std::int64_t length) {
  std::int64_t start = ms(time) / length * length;
  while (start > ms(time))
    start -= length;
  return start;
}

candle_flags flag_if(bool condition, candle_flags flag) {
  return condition ? flag : candle_flags::none;
}

// Of events of one interval; not empty.
candle candle_of(std::vector<candle_event> events) {
  std::sort(events.begin(), events.end(), [](const auto& a, const auto& b) {
    return a.event_time != b.event_time ? a.event_time < b.event_time : a.position < b.position;
  });
  candle out;
  out.open = events.front().price;
  out.close = events.back().price;
  out.first_trade_id = events.front().trade_id.value_or(0);
  out.last_trade_id = events.back().trade_id.value_or(0);
  out.flags = flag_if(events.front().trade_id.has_value(), candle_flags::first_id) |
              flag_if(events.back().trade_id.has_value(), candle_flags::last_id);
  out.trades = static_cast<std::int64_t>(events.size());
  std::set<std::int64_t> prices, numbers;
  bool overflow = false;
  for (const auto& each : events) {
    prices.insert(each.price.units());
    numbers.insert(each.position.seq.value());
    out.flags = out.flags | flag_if(!each.taker, candle_flags::lacks_taker) |
                flag_if(!each.size, candle_flags::lacks_size) |
                flag_if(each.size.has_value(), candle_flags::sized);
    if (!each.size)
      continue;
    out.volume_units += each.size->units();
    int128 quote = 0;
    overflow = overflow ||
               __builtin_mul_overflow(int128{each.price.units()}, each.size->units(), &quote) ||
               __builtin_add_overflow(out.quote_units, quote, &out.quote_units);
    if (each.taker == trade_side::buy) {
      out.taker_buy_volume_units += each.size->units();
      out.taker_buy_quote_units += overflow ? 0 : quote;
    }
  }
  if (overflow) {
    out.flags = out.flags | candle_flags::quote_overflow;
    out.quote_units = out.taker_buy_quote_units = 0;
  }
  out.low = price{*prices.begin()};
  out.high = price{*prices.rbegin()};
  out.first_seq = sequence{*numbers.begin()};
  out.last_seq = sequence{*numbers.rbegin()};
  return out;
}

struct naive_stream {
  candle_interval interval;
  stream_position position;
  std::map<std::int64_t, candle> said; // by start
};

struct naive {
  const candle_options& rules;
  std::vector<candle_event> events; // of this epoch, those that count
  std::vector<naive_stream> streams;
  epoch source;
  std::optional<time_ms> partial_through;
  std::vector<candle_fact> facts;

  void say(naive_stream& to, std::int64_t start, candle what, const candle_record& by) {
    const auto before = to.said.find(start);
    what.interval = to.interval;
    what.start = time_ms{std::chrono::milliseconds{start}};
    what.source_epoch = source;
    what.revision = before == to.said.end() ? 0 : before->second.revision + 1;
    what.flags = what.flags | candle_flags::closed |
                 flag_if(partial_through && what.start <= *partial_through, candle_flags::partial);
    to.said[start] = what;
    if (to.position.epoch < by.floor)
      to.position = {by.floor, sequence{0}};
    to.position = {to.position.epoch, sequence{to.position.seq.value() + 1}};
    facts.push_back({what, to.position, record_offset{by.offset}, by.event.event_time});
  }

  std::vector<candle_event> events_in(std::int64_t start, std::int64_t length) const {
    std::vector<candle_event> out;
    std::copy_if(events.begin(), events.end(), std::back_inserter(out), [&](const auto& each) {
      return ms(each.event_time) >= start && ms(each.event_time) < start + length;
    });
    return out;
  }

  // Everything that is over and was not said as it is now.
  void say_what_is_new(time_ms watermark, const candle_record& by, bool flat_too) {
    for (auto& stream : streams) {
      const std::int64_t length = length_of(stream.interval).count();
      std::set<std::int64_t> starts, flat;
      for (const auto& each : events)
        starts.insert(start_ms(each.event_time, length));
      const auto over = [&](std::int64_t start) {
        return start + length + rules.grace.count() <= ms(watermark);
      };
      if (rules.fill && flat_too) {
        const auto said = [&] {
          auto first = starts.empty() ? std::int64_t{0} : *starts.begin();
          return stream.said.empty() ? first : stream.said.rbegin()->first;
        }();
        // Of those without an event that follow one another, the last ones.
        std::vector<std::int64_t> silence;
        for (auto start = said + length; !starts.empty(); start += length) {
          if (!starts.contains(start) && over(start)) {
            silence.push_back(start);
            continue;
          }
          if (std::ssize(silence) > rules.fill_limit)
            silence.erase(silence.begin(), silence.end() - rules.fill_limit);
          flat.insert(silence.begin(), silence.end());
          silence.clear();
          if (!over(start))
            break;
        }
        starts.merge(flat);
      }
      for (const auto start : starts) {
        if (!over(start))
          continue;
        const auto before = stream.said.find(start);
        const auto within = events_in(start, length);
        if (before != stream.said.end() &&
            before->second.trades == static_cast<std::int64_t>(within.size()))
          continue;
        candle next;
        if (within.empty()) {
          const price close = stream.said.rbegin()->second.close;
          next.open = next.high = next.low = next.close = close;
        } else {
          next = candle_of(within);
        }
        say(stream, start, next, by);
      }
    }
  }
};

} // namespace

std::vector<candle_fact> naive_facts(const candle_options& rules,
                                     std::chrono::milliseconds max_ahead,
                                     std::span<const candle_record> log, std::uint32_t symbol) {
  naive all{rules, {}, {}, {}, {}, {}};
  for (const auto interval : all_candle_intervals)
    if (rules.intervals.contains(interval))
      all.streams.push_back({interval, {}, {}});
  time_ms watermark = time_ms::min();
  for (const auto& each : log) {
    const auto& event = each.event;
    watermark = std::max(watermark, std::min(event.event_time, each.append_time + max_ahead));
    const bool own = each.symbol == symbol;
    if (own && event.position.epoch != all.source) {
      all.source = event.position.epoch;
      all.events.clear();
      all.partial_through.reset();
      if (event.position != stream_position{epoch{1}, sequence{1}})
        all.partial_through = event.event_time;
      for (auto& stream : all.streams) {
        stream.said.clear();
        const epoch next{stream.position.epoch.value() + 1};
        stream.position = {next < each.floor ? each.floor : next, sequence{0}};
      }
    }
    all.say_what_is_new(watermark, each, true);
    if (own && watermark - event.event_time <= rules.lateness) {
      all.events.push_back(event);
      all.say_what_is_new(watermark, each, false);
      all.say_what_is_new(watermark, each, true);
    }
  }
  return all.facts;
}

} // namespace tradepulse
