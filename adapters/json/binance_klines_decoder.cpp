#include <array>

#include "adapters/json/binance_kinds.hpp"
#include "adapters/json/binance_kline.hpp"
#include "adapters/json/record_decoders.hpp"

// {"e":"kline","E":1723161256600,"s":"BTCUSDT","sequence":17,"k":{"t":1723161240000,"T":
//  1723161299999,"s":"BTCUSDT","i":"1m","o":"61837.63000000",..,"x":false}}
namespace tradepulse::json {
namespace {

enum wanted : std::size_t {
  event_at,
  time_at,
  symbol_at,
  kline_at,
  sequence_at,
  stream_at,
  data_at
};
constexpr std::array<std::string_view, 7> names{"e", "E", "s", "k", "sequence", "stream", "data"};
constexpr std::array<std::string_view, 5> event_names{"e", "E", "s", "k", "sequence"};

// The wanted objects.
constexpr std::size_t text = 0, kline_of_text = 1, data = 2, kline_of_data = 3;

class binance_klines_decoder final : public record_decoder {
 public:
  explicit binance_klines_decoder(const decoder_options& options)
      : record_decoder(options, {{names},
                                 {binance::kline_names, text, "k"},
                                 {event_names, text, "data"},
                                 {binance::kline_names, data, "k"}}) {}

  bool klines_have_own_numbers() const override { return options_.own_sequence; }

 private:
  decode_outcome members_read(const record& r) override {
    const bool framed = members_.top(event_at).kind == value_kind::absent &&
                        members_.top(data_at).kind != value_kind::absent;
    return framed ? read_frame(r) : read_event(r);
  }

  decode_outcome read_event(const record& r) const {
    if (auto refused = require_string("e", members_.top(event_at)))
      return *std::move(refused);
    const std::string_view kind = binance::kind_of(members_.top(event_at), {});
    if (kind != binance::kline)
      return skipped_record{kind};
    decoded_kline out{{}, {}, event_of<kline_value>(r)};
    if (auto refused =
            binance::read_kline(members_, place_in(text, kline_of_text), options_.max_ahead, out))
      return *std::move(refused);
    if (auto refused = read_count("sequence", members_.top(sequence_at), out.kline.source_sequence))
      return *std::move(refused);
    return out;
  }

  decode_outcome read_frame(const record& r) const {
    const member& event = members_.top(data_at);
    const bool an_object = event.kind == value_kind::object;
    const std::string_view kind = binance::kind_of(
        an_object ? members_.at(data, event_at) : member{}, members_.top(stream_at));
    if (kind != binance::kline && (an_object || event.kind == value_kind::array))
      return skipped_record{kind};
    if (auto refused = require_object("data", event))
      return *std::move(refused);
    decoded_kline out{{}, {}, event_of<kline_value>(r)};
    if (auto refused =
            binance::read_kline(members_, place_in(data, kline_of_data), options_.max_ahead, out))
      return binance::in_frame(*std::move(refused));
    if (auto refused = binance::read_framed_sequence(
            members_.at(data, sequence_at), members_.top(sequence_at), out.kline.source_sequence))
      return *std::move(refused);
    return out;
  }

  // The members of an event have the same places in the text and in `data`.
  binance::kline_place place_in(std::size_t event, std::size_t kline) const noexcept {
    return {members_.at(event, time_at), members_.at(event, symbol_at),
            members_.at(event, kline_at), kline};
  }
};

} // namespace

std::unique_ptr<tick_decoder> make_binance_klines_decoder(const decoder_options& options) {
  return std::make_unique<binance_klines_decoder>(options);
}

} // namespace tradepulse::json
