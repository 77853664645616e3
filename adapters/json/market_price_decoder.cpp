#include <array>

#include "adapters/json/fields.hpp"
#include "adapters/json/record_decoders.hpp"

// {"type":"market_price","market":"BTC/USD","price":61837.63,"timestamp":"2024-08-08T23:54:16.543Z"}
namespace tradepulse::json {
namespace {

enum wanted : std::size_t { type_at, market_at, price_at, timestamp_at };
constexpr std::array<std::string_view, 4> names{"type", "market", "price", "timestamp"};

// Of the same topics, for streams that are not fed from here yet.
constexpr std::array<std::string_view, 3> known_types{"trade", "quote", "depth"};

class market_price_decoder final : public record_decoder {
 public:
  explicit market_price_decoder(const decoder_options& options)
      : record_decoder(options, {{names}}) {}

 private:
  decode_outcome members_read(const record& r) override {
    const member& type = members_.top(type_at);
    if (auto refused = require_string("type", type))
      return *std::move(refused);
    if (type.text != "market_price")
      return skipped_as(type.text);
    decoded_tick out = tick_of(r);
    if (auto refused = read_symbol("market", members_.top(market_at), out.symbol))
      return *std::move(refused);
    if (auto refused = read_price("price", members_.top(price_at), out.tick.price))
      return *std::move(refused);
    if (auto refused = read_time("timestamp", members_.top(timestamp_at), r.append_time,
                                 options_.max_ahead, out.tick.event_time))
      return *std::move(refused);
    return out;
  }

  static skipped_record skipped_as(std::string_view type) noexcept {
    for (std::string_view known : known_types)
      if (type == known)
        return {known};
    return {"other"};
  }
};

} // namespace

std::unique_ptr<tick_decoder> make_market_price_decoder(const decoder_options& options) {
  return std::make_unique<market_price_decoder>(options);
}

} // namespace tradepulse::json
