#include <array>

#include "adapters/json/fields.hpp"
#include "adapters/json/record_decoders.hpp"

// {"symbol":"AAPL","price":150.25,"volume":100,"timestamp":1723161256543}
namespace tradepulse::json {
namespace {

enum wanted : std::size_t { symbol_at, price_at, volume_at, timestamp_at };
constexpr std::array<std::string_view, 4> names{"symbol", "price", "volume", "timestamp"};

class price_ticks_decoder final : public record_decoder {
 public:
  explicit price_ticks_decoder(const decoder_options& options)
      : record_decoder(options, {{names}}) {}

 private:
  decode_outcome members_read(const record& r) override {
    decoded_tick out = tick_of(r);
    if (auto refused = read_symbol("symbol", members_.top(symbol_at), out.symbol))
      return *std::move(refused);
    if (auto refused = read_price("price", members_.top(price_at), out.tick.price))
      return *std::move(refused);
    if (auto refused = read_volume("volume", members_.top(volume_at), out.tick.volume))
      return *std::move(refused);
    if (auto refused = read_time("timestamp", members_.top(timestamp_at), r.append_time,
                                 options_.max_ahead, out.tick.event_time))
      return *std::move(refused);
    return out;
  }
};

} // namespace

std::unique_ptr<tick_decoder> make_price_ticks_decoder(const decoder_options& options) {
  return std::make_unique<price_ticks_decoder>(options);
}

} // namespace tradepulse::json
