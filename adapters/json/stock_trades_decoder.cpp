#include <array>
#include <charconv>

#include "adapters/json/fields.hpp"
#include "adapters/json/record_decoders.hpp"

// {"symbol":"AAPL","price":150.25,"size":100,"timestamp":1723161256543,"side":"buy","trade_id":7}
namespace tradepulse::json {
namespace {

enum wanted : std::size_t {
  symbol_at,
  price_at,
  size_at,
  timestamp_at,
  side_at,
  trade_id_at,
  id_at,
  sequence_at
};
constexpr std::array<std::string_view, 8> names{"symbol", "price",    "size", "timestamp",
                                                "side",   "trade_id", "id",   "sequence"};

bool given(const member& m) noexcept {
  return m.kind != value_kind::absent && m.kind != value_kind::null;
}

bool same_word(std::string_view text, std::string_view word) noexcept {
  if (text.size() != word.size())
    return false;
  for (std::size_t i = 0; i < text.size(); ++i)
    if ((text[i] | 0x20) != word[i])
      return false;
  return true;
}

// buy or sell, in any case; absent, null, "" or unknown: not known.
rejection read_side(const member& from, trade_side& to) {
  to = trade_side::unknown;
  if (!given(from))
    return {};
  if (auto refused = require_string("side", from))
    return refused;
  if (same_word(from.text, "buy"))
    to = trade_side::buy;
  else if (same_word(from.text, "sell"))
    to = trade_side::sell;
  else if (!from.text.empty() && !same_word(from.text, "unknown"))
    return reject(reject_reason::bad_value,
                  "side " + shown(from.text) + ": must be buy, sell or unknown");
  return {};
}

// A whole number of 0 up to 2^63-1, number or string. Ids of other forms (UUIDs, letters) are usual
// and say nothing against the trade: it goes without one.
rejection read_trade_id(std::string_view label, const member& from,
                        std::optional<std::int64_t>& to) {
  to.reset();
  if (!given(from))
    return {};
  if (from.kind != value_kind::number && from.kind != value_kind::string)
    return reject(reject_reason::wrong_type, std::string(label) + ": " +
                                                 std::string(to_string(from.kind)) +
                                                 ", must be a number or a string");
  std::int64_t number = 0;
  const char* end = from.text.data() + from.text.size();
  const auto [stopped, fault] = std::from_chars(from.text.data(), end, number);
  if (stopped == end && fault == std::errc{} && number >= 0)
    to = number;
  return {};
}

class stock_trades_decoder final : public record_decoder {
 public:
  explicit stock_trades_decoder(const decoder_options& options)
      : record_decoder(options, {{names}}) {}

 private:
  decode_outcome members_read(const record& r) override {
    decoded_trade out{{}, event_of<trade_value>(r)};
    trade_value& value = out.trade.value;
    if (auto refused = read_symbol("symbol", members_.top(symbol_at), out.symbol))
      return *std::move(refused);
    if (auto refused = read_price("price", members_.top(price_at), value.price))
      return *std::move(refused);
    if (auto refused = read_quantity("size", members_.top(size_at), value.size))
      return *std::move(refused);
    if (auto refused = read_time("timestamp", members_.top(timestamp_at), r.append_time,
                                 options_.max_ahead, out.trade.event_time))
      return *std::move(refused);
    if (auto refused = read_side(members_.top(side_at), value.side))
      return *std::move(refused);
    const bool named = given(members_.top(trade_id_at));
    if (auto refused = read_trade_id(named ? "trade_id" : "id",
                                     members_.top(named ? trade_id_at : id_at), value.trade_id))
      return *std::move(refused);
    if (auto refused = read_count("sequence", members_.top(sequence_at), out.trade.source_sequence))
      return *std::move(refused);
    return out;
  }
};

} // namespace

std::unique_ptr<tick_decoder> make_stock_trades_decoder(const decoder_options& options) {
  return std::make_unique<stock_trades_decoder>(options);
}

} // namespace tradepulse::json
