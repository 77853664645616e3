#include "runtime/rest/missed_klines_answer.hpp"

#include <string_view>
#include <vector>

#include "protocol/decimal.hpp"

namespace tradepulse {
namespace {

void put(std::string& out, std::string_view member, int128 units) {
  out.append(R"(,")").append(member).append(R"(":)");
  append_decimal(out, units);
}

std::string ms(time_ms value) {
  return std::to_string(value.time_since_epoch().count());
}

// What klines and candles have in common. The JSON object is left open.
template <class Kline>
std::string members(std::int64_t number, const symbol& name, time_ms event_time, const Kline& kline,
                    time_ms end, const std::optional<int128>& volume) {
  std::string out = R"({"seq":)" + std::to_string(number) + R"(,"symbol":")" + name.str() +
                    R"(","timestamp":)" + ms(event_time) + R"(,"kline":{"t":)" + ms(kline.start) +
                    R"(,"T":)" + ms(end) + R"(,"s":")" + name.str() + '"';
  put(out, "o", kline.open.units());
  put(out, "h", kline.high.units());
  put(out, "l", kline.low.units());
  put(out, "c", kline.close.units());
  if (volume)
    put(out, "v", *volume);
  else
    out += R"(,"v":null)";
  return out + "}";
}

std::string kline_members(const event_burst& burst, std::size_t i) {
  const auto& event = static_cast<const kline_burst&>(burst).events()[i];
  return members(event.seq.value(), burst.symbol(), event.event_time, event.value, event.value.end,
                 event.value.volume.units()) +
         "}";
}

std::string candle_members(const event_burst& burst, std::size_t i) {
  const auto& event = static_cast<const candle_burst&>(burst).events()[i];
  const auto& candle = event.value;
  return members(event.seq.value(), burst.symbol(), event.event_time, candle, candle.end(),
                 candle.volume()) +
         R"(,"revision":)" + std::to_string(candle.revision) +
         (candle.partial() ? R"(,"partial":true})" : "}");
}

std::string body(const missed_klines_request& asked, stream_kind from, std::size_t count,
                 const std::string& data, const std::string& numbering,
                 std::optional<std::int64_t> next, const std::vector<missed_answer::gap>& gaps) {
  std::string out = R"({"symbol":")" + asked.symbol.str() + R"(","fromSeq":)" +
                    std::to_string(asked.from) + R"(,"toSeq":)" + std::to_string(asked.to) +
                    R"(,"count":)" + std::to_string(count) + R"(,"data":)" + data +
                    R"(,"stream":")" + name_of(from) + R"(","numbering":)" + numbering;
  if (next)
    out += R"(,"next":)" + std::to_string(*next);
  return out + R"(,"gaps":)" + gaps_text(gaps) + "}";
}

std::vector<missed_answer::gap> gaps_of(const missed_klines_request& asked, const source_page& page,
                                        const source_published& published) {
  std::vector<missed_answer::gap> out;
  auto at = asked.from; // all up to here is told
  auto missing_to = [&](std::int64_t to, std::string_view reason) {
    if (to > at)
      out.push_back({at + 1, to, published.earlier_waits ? "not_committed" : reason});
  };
  // Something was taken away: then no number below the first of the journal is known to be
  // upstream's gap, whatever other programs have kept below it.
  const bool trimmed = !page.all_kept && page.committed != stream_position{};
  bool below = page.below || page.all_kept; // in front of all that is kept there may have been more
  auto reason = [&]() -> std::string_view {
    const bool known = trimmed ? page.first_kept && at >= *page.first_kept : below;
    return known ? "upstream" : "not_kept";
  };
  for (const auto& each : page.klines) {
    missing_to(each.number - 1, reason());
    if (!each.value && !out.empty() && out.back().reason == "unusable" && out.back().to == at)
      out.back().to = each.number;
    else if (!each.value)
      out.push_back({each.number, each.number, "unusable"});
    at = each.number;
    below = true;
  }
  if (page.more)
    return out;
  if (page.above)
    missing_to(asked.to, reason());
  else
    missing_to(asked.to, page.committed < published.newest ? "not_committed" : "not_yet");
  return out;
}

} // namespace

missed_answer::spelling spelling_of(stream_kind from) {
  return from.events() == event_kind::candle ? candle_members : kline_members;
}

std::string missed_klines_body(const missed_klines_request& asked, stream_kind from,
                               const missed_answer& gathered) {
  return body(asked, from, gathered.count(), gathered.data(),
              R"("engine","epoch":)" + std::to_string(gathered.in_epoch().value()), gathered.next(),
              gathered.gaps());
}

std::string missed_klines_body(const missed_klines_request& asked, const source_page& page,
                               const source_published& published) {
  std::string data = "[";
  std::size_t count = 0;
  for (const auto& each : page.klines) {
    if (!each.value)
      continue;
    data += count++ == 0 ? "" : ",";
    data += members(each.number, asked.symbol, each.event_time, *each.value, each.value->end,
                    each.value->volume.units()) +
            "}";
  }
  const auto gaps = gaps_of(asked, page, published);
  std::optional<std::int64_t> next;
  if (page.more)
    next = page.klines.back().number;
  return body(asked, stream_kind::kline(asked.interval), count, data + "]",
              R"("source")", next, gaps);
}

} // namespace tradepulse
