#include <array>

#include "adapters/json/binance_kinds.hpp"
#include "adapters/json/binance_kline.hpp"
#include "adapters/json/fields.hpp"
#include "adapters/json/record_decoders.hpp"

// {"stream":"btcusdt@trade","data":{"e":"trade","E":..,"s":"BTCUSDT","t":3735683259,
//  "p":"61837.63000000","q":"0.02000000","T":1723161255342,"m":true}}
namespace tradepulse::json {
namespace {

enum wanted : std::size_t { stream_at, data_at, last_update_id_at, frame_sequence_at };
constexpr std::array<std::string_view, 4> names{"stream", "data", "lastUpdateId", "sequence"};

enum wanted_in_data : std::size_t {
  event_at,
  symbol_at,
  trade_id_at,
  price_at,
  quantity_at,
  time_at,
  maker_at, // of trades: whether the buyer was in the book, so that the taker has sold
  bid_at,
  bid_size_at,
  ask_or_aggregate_at, // of book tickers the price that is asked, of aggregated trades their id
  ask_size_at,
  update_id_at,
  sent_at,
  kline_at,
  sequence_at
};
constexpr std::array<std::string_view, 15> data_names{"e", "s", "t", "p", "q", "T", "m",       "b",
                                                      "B", "a", "A", "u", "E", "k", "sequence"};

constexpr std::size_t data = 1, kline = 2; // the wanted objects behind the frame

class binance_stream_decoder final : public record_decoder {
 public:
  explicit binance_stream_decoder(const decoder_options& options)
      : record_decoder(options,
                       {{names}, {data_names, 0, "data"}, {binance::kline_names, data, "k"}}),
        trades_(options.aggregate_trades ? binance::aggregate_trade : binance::trade),
        id_at_(options.aggregate_trades ? ask_or_aggregate_at : trade_id_at) {}

 private:
  decode_outcome members_read(const record& r) override {
    const member& stream = members_.top(stream_at);
    const member& event = members_.top(data_at);
    if (stream.kind == value_kind::absent &&
        members_.top(last_update_id_at).kind != value_kind::absent)
      return skipped_record{binance::depth_snapshot};
    if (auto refused = require_string("stream", stream))
      return *std::move(refused);
    const bool an_object = event.kind == value_kind::object;
    const std::string_view kind =
        binance::kind_of(an_object ? in_data(event_at) : member{}, stream);
    const bool wanted = kind == trades_ || kind == binance::book_ticker || kind == binance::kline;
    if (!wanted && (an_object || event.kind == value_kind::array))
      return skipped_record{kind};
    if (auto refused = require_object("data", event))
      return *std::move(refused);
    if (kind == binance::book_ticker)
      return read_quote(r);
    return kind == binance::kline ? read_kline(r) : read_trade(r);
  }

  const member& in_data(std::size_t index) const noexcept { return members_.at(data, index); }

  decode_outcome read_trade(const record& r) const {
    decoded_tick price = tick_of(r);
    if (auto refused = read_symbol("data.s", in_data(symbol_at), price.symbol))
      return *std::move(refused);
    if (auto refused = read_price("data.p", in_data(price_at), price.tick.price))
      return *std::move(refused);
    if (auto refused = read_volume("data.q", in_data(quantity_at), price.tick.volume))
      return *std::move(refused);
    if (auto refused = read_time("data.T", in_data(time_at), r.append_time, options_.max_ahead,
                                 price.tick.event_time))
      return *std::move(refused);
    const std::string_view id_label = id_at_ == trade_id_at ? "data.t" : "data.a";
    if (auto refused = read_count(id_label, in_data(id_at_), price.tick.source_sequence))
      return *std::move(refused);
    if (!price.tick.volume)
      return price;
    decoded_trade out{price.symbol, event_of<trade_value>(r)};
    out.trade.event_time = price.tick.event_time;
    out.trade.source_sequence = price.tick.source_sequence;
    out.trade.value = {price.tick.price, *price.tick.volume, side(), price.tick.source_sequence};
    return out;
  }

  // Never a reason to refuse: prices come from such records too, and `m` does not concern them.
  trade_side side() const noexcept {
    const member& buyer_is_maker = in_data(maker_at);
    if (buyer_is_maker.kind != value_kind::boolean)
      return trade_side::unknown;
    return buyer_is_maker.text == "true" ? trade_side::sell : trade_side::buy;
  }

  decode_outcome read_quote(const record& r) const {
    decoded_quote out{{}, event_of<quote_value>(r)};
    if (auto refused = read_symbol("data.s", in_data(symbol_at), out.symbol))
      return *std::move(refused);
    quote_value& value = out.quote.value;
    if (auto refused = read_price("data.b", in_data(bid_at), value.bid))
      return *std::move(refused);
    if (auto refused = read_quantity("data.B", in_data(bid_size_at), value.bid_size))
      return *std::move(refused);
    if (auto refused = read_price("data.a", in_data(ask_or_aggregate_at), value.ask))
      return *std::move(refused);
    if (auto refused = read_quantity("data.A", in_data(ask_size_at), value.ask_size))
      return *std::move(refused);
    if (auto refused = read_quote_time(r, out.quote.event_time))
      return *std::move(refused);
    if (auto refused = read_count("data.u", in_data(update_id_at), out.quote.source_sequence))
      return *std::move(refused);
    return out;
  }

  // Futures say when the book changed. The spot exchange does not: there it is the record's time.
  rejection read_quote_time(const record& r, time_ms& to) const {
    if (in_data(time_at).kind != value_kind::absent)
      return read_time("data.T", in_data(time_at), r.append_time, options_.max_ahead, to);
    if (r.append_time < earliest_event_time || r.append_time >= latest_event_time)
      return reject(reject_reason::bad_time,
                    "data.T: absent, and the record's own time is outside of 2000 to 2100");
    to = r.append_time;
    return {};
  }

  decode_outcome read_kline(const record& r) const {
    decoded_kline out{{}, {}, event_of<kline_value>(r)};
    const binance::kline_place at{in_data(sent_at), in_data(symbol_at), in_data(kline_at), kline};
    if (auto refused = binance::read_kline(members_, at, options_.max_ahead, out))
      return binance::in_frame(*std::move(refused));
    if (auto refused = binance::read_framed_sequence(
            in_data(sequence_at), members_.top(frame_sequence_at), out.kline.source_sequence))
      return *std::move(refused);
    return out;
  }

  const std::string_view trades_; // the kind that feeds trade and price
  const std::size_t id_at_;
};

} // namespace

std::unique_ptr<tick_decoder> make_binance_stream_decoder(const decoder_options& options) {
  return std::make_unique<binance_stream_decoder>(options);
}

} // namespace tradepulse::json
