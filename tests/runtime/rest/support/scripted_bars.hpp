#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "protocol/ports/http_service.hpp"
#include "runtime/rest/bar_stream.hpp"

// Tables that answer as the test says, and bars that are short to write.
namespace tradepulse::test {

inline symbol sym(std::string_view name) {
  return symbol::parse(name).value();
}
inline time_ms at_ms(std::int64_t ms) {
  return time_ms{std::chrono::milliseconds{ms}};
}
inline price money(std::string_view text) {
  return price::parse(text).value();
}
inline const stream_kind kline_1m = stream_kind::kline(kline_interval::m1);
inline const stream_kind candle_1m = stream_kind::candle(candle_interval::m1);

inline constexpr std::int64_t two_o_clock = 1'723'125'600'000; // 2024-08-08 14:00 UTC

// Of the minute n behind two o'clock, closed, numbered 1/seq.
inline bar minute(int n, std::int64_t seq) {
  bar out;
  out.start = at_ms(two_o_clock + n * 60'000);
  out.end = out.start + std::chrono::minutes{1};
  out.open = money("1.5");
  out.high = money("4");
  out.low = money("0.5");
  out.close = money("2.00000001");
  out.volume = "7.1";
  out.closed = true;
  out.position = {epoch{1}, sequence{seq}};
  return out;
}

// An open candle of that minute.
inline candle_view open_minute(int n, std::int64_t through) {
  candle_view out;
  out.candle.start = at_ms(two_o_clock + n * 60'000);
  out.candle.open = out.candle.high = out.candle.low = out.candle.close = money("3");
  out.candle.flags = candle_flags::lacks_size | candle_flags::lacks_taker; // of prices alone
  out.candle.trades = 2;
  out.candle.source_epoch = epoch{4};
  out.candle.first_seq = sequence{through - 1};
  out.candle.last_seq = sequence{through};
  out.through = {epoch{4}, sequence{through}};
  return out;
}

class scripted_bars final : public bar_source {
 public:
  void read(bar_query query, bar_answer then) override {
    asked.push_back(query);
    then(asked.size() <= answers.size() ? answers[asked.size() - 1]
                                        : result<bar_page>(bar_page(query.symbols.size())));
  }
  void answer(std::vector<bar> bars, stream_position committed = {}, bool more = false) {
    bars_of_symbol out;
    out.any = !bars.empty();
    out.bars = std::move(bars);
    out.more = more;
    out.committed = committed;
    answers.push_back(bar_page{out});
  }

  std::vector<bar_query> asked;
  std::vector<result<bar_page>> answers;
};

// A stream that was stored, of a topic's partition 0.
inline stored_stream stored(std::string_view name, stream_kind kind, std::int64_t e,
                            std::int64_t seq, const char* topic) {
  stored_stream out;
  out.symbol = sym(name);
  out.kind = kind;
  out.position = {epoch{e}, sequence{seq}};
  out.home = topic_partition{topic, 0};
  return out;
}

// The answer, which is later where the tables were asked.
inline http_response finished(http_response out) {
  if (!out.later)
    return out;
  http_response given;
  out.later([&given](http_response&& answer) { given = std::move(answer); });
  return given;
}

} // namespace tradepulse::test
