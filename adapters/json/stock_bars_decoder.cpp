#include <array>

#include "adapters/json/kline_rules.hpp"
#include "adapters/json/record_decoders.hpp"

// {"symbol":"AAPL","open":150.1,"high":150.5,"low":150,"close":150.25,"volume":1200,
//  "timestamp":1723161240000}
namespace tradepulse::json {
namespace {

enum wanted : std::size_t {
  symbol_at,
  open_at,
  high_at,
  low_at,
  close_at,
  volume_at,
  timestamp_at,
  trade_count_at,
  n_at,
  sequence_at
};
constexpr std::array<std::string_view, 10> names{"symbol", "open",    "high",      "low",
                                                 "close",  "volume",  "timestamp", "trade_count",
                                                 "n",      "sequence"};

class stock_bars_decoder final : public record_decoder {
 public:
  explicit stock_bars_decoder(const decoder_options& options)
      : record_decoder(options, {{names}}) {}

  bool klines_have_own_numbers() const override { return true; } // a topic has one interval

 private:
  decode_outcome members_read(const record& r) override {
    decoded_kline out{{}, options_.bar_interval, event_of<kline_value>(r)};
    if (auto refused = read_symbol("symbol", members_.top(symbol_at), out.symbol))
      return *std::move(refused);
    if (auto refused = read_values(out.kline.value))
      return *std::move(refused);
    // Its start is the bar's time: the end of a long one may lie far ahead of its record, where a
    // day of trading is over before the day.
    if (auto refused = read_time("timestamp", members_.top(timestamp_at), r.append_time,
                                 options_.max_ahead, out.kline.event_time))
      return *std::move(refused);
    out.kline.value.start = out.kline.event_time;
    out.kline.value.end = end_of(out.kline.event_time, out.interval);
    out.kline.value.closed = true;
    if (auto refused = check_kline(out.kline.value))
      return *std::move(refused);
    if (auto refused = read_count("sequence", members_.top(sequence_at), out.kline.source_sequence))
      return *std::move(refused);
    return out;
  }

  rejection read_values(kline_value& to) const {
    if (auto refused = read_price("open", members_.top(open_at), to.open))
      return refused;
    if (auto refused = read_price("high", members_.top(high_at), to.high))
      return refused;
    if (auto refused = read_price("low", members_.top(low_at), to.low))
      return refused;
    if (auto refused = read_price("close", members_.top(close_at), to.close))
      return refused;
    if (auto refused = read_quantity("volume", members_.top(volume_at), to.volume))
      return refused;
    const member& named = members_.top(trade_count_at);
    const bool is_named = named.kind != value_kind::absent && named.kind != value_kind::null;
    return is_named ? read_count("trade_count", named, to.trades)
                    : read_count("n", members_.top(n_at), to.trades);
  }
};

} // namespace

std::unique_ptr<tick_decoder> make_stock_bars_decoder(const decoder_options& options) {
  return std::make_unique<stock_bars_decoder>(options);
}

} // namespace tradepulse::json
