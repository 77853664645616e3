#include <array>

#include "adapters/json/fields.hpp"
#include "adapters/json/record_decoders.hpp"

// {"stream":"btcusdt@trade","data":{"e":"trade","E":..,"s":"BTCUSDT","t":3735683259,
//  "p":"61837.63000000","q":"0.02000000","T":1723161255342,"m":true}}
namespace tradepulse::json {
namespace {

enum wanted : std::size_t { stream_at, data_at, last_update_id_at };
constexpr std::array<std::string_view, 3> names{"stream", "data", "lastUpdateId"};

enum wanted_in_data : std::size_t { event_at, symbol_at, id_at, price_at, quantity_at, time_at };
constexpr std::array<std::string_view, 6> data_names{"e", "s", "t", "p", "q", "T"};

constexpr std::string_view trade = "trade";
constexpr std::string_view other = "other";

// By the member "e". An aggregated trade is not a trade: it would count the same shares twice.
std::string_view kind_of_event(std::string_view event) noexcept {
  constexpr std::array known{trade,
                             std::string_view{"aggTrade"},
                             std::string_view{"depthUpdate"},
                             std::string_view{"bookTicker"},
                             std::string_view{"kline"},
                             std::string_view{"24hrTicker"}};
  for (std::string_view kind : known)
    if (event == kind)
      return kind;
  return other;
}

// Book tickers of the spot exchange and partial books have no "e": then the stream's name says
// what they are ("btcusdt@bookTicker", "btcusdt@depth20@100ms", "btcusdt@kline_1m").
std::string_view kind_of_stream(std::string_view stream) noexcept {
  const std::size_t at = stream.find('@');
  if (at == std::string_view::npos)
    return other;
  std::string_view suffix = stream.substr(at + 1);
  suffix = suffix.substr(0, suffix.find('@'));
  if (suffix == trade)
    return trade;
  if (suffix == "aggTrade")
    return "aggTrade";
  if (suffix == "bookTicker")
    return "bookTicker";
  if (suffix == "ticker")
    return "24hrTicker";
  if (suffix == "depth")
    return "depthUpdate";
  if (suffix == "depth5" || suffix == "depth10" || suffix == "depth20")
    return "depthSnapshot";
  if (suffix.starts_with("kline_"))
    return "kline";
  return other;
}

class binance_stream_decoder final : public record_decoder {
 public:
  explicit binance_stream_decoder(const decoder_options& options)
      : record_decoder(options, names, "data", data_names) {}

 private:
  decode_outcome members_read(const record& r) override {
    const member& stream = members_.top(stream_at);
    const member& data = members_.top(data_at);
    if (stream.kind == value_kind::absent &&
        members_.top(last_update_id_at).kind != value_kind::absent)
      return skipped_record{"depthSnapshot"};
    if (auto refused = require_string("stream", stream))
      return *std::move(refused);
    if (data.kind == value_kind::absent)
      return reject(reject_reason::missing_member, "data: absent, and required");
    const std::string_view kind = kind_of(stream, data);
    if (kind != trade && (data.kind == value_kind::object || data.kind == value_kind::array))
      return skipped_record{kind};
    if (data.kind != value_kind::object)
      return reject(reject_reason::wrong_type,
                    "data: " + std::string(to_string(data.kind)) + ", must be an object");
    return read_trade(r);
  }

  std::string_view kind_of(const member& stream, const member& data) const noexcept {
    const bool named =
        data.kind == value_kind::object && members_.inner(event_at).kind == value_kind::string;
    return named ? kind_of_event(members_.inner(event_at).text) : kind_of_stream(stream.text);
  }

  decode_outcome read_trade(const record& r) const {
    decoded_tick out = tick_of(r);
    if (auto refused = read_symbol("data.s", members_.inner(symbol_at), out.symbol))
      return *std::move(refused);
    if (auto refused = read_price("data.p", members_.inner(price_at), out.tick.price))
      return *std::move(refused);
    if (auto refused = read_volume("data.q", members_.inner(quantity_at), out.tick.volume))
      return *std::move(refused);
    if (auto refused = read_time("data.T", members_.inner(time_at), r.append_time,
                                 options_.max_ahead, out.tick.event_time))
      return *std::move(refused);
    if (auto refused =
            read_source_sequence("data.t", members_.inner(id_at), out.tick.source_sequence))
      return *std::move(refused);
    return out;
  }
};

} // namespace

std::unique_ptr<tick_decoder> make_binance_stream_decoder(const decoder_options& options) {
  return std::make_unique<binance_stream_decoder>(options);
}

} // namespace tradepulse::json
