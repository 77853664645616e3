#include "adapters/postgres/stored_candles.hpp"

#include <string>
#include <utility>

#include "adapters/postgres/candle_state_codec.hpp"
#include "adapters/postgres/numeric_text.hpp"

namespace tradepulse {
namespace {

// Values of one row in their order; remembers the first that is none of ours.
class row_reader {
 public:
  explicit row_reader(const pqxx::row& row) : row_(row) {}

  std::int64_t integer() {
    const auto& field = row_[next_++];
    return field.is_null() ? 0 : field.as<std::int64_t>();
  }
  int128 units(int places) {
    const auto field = row_[next_++];
    if (field.is_null())
      return 0;
    const auto found = units_of_numeric({field.c_str(), field.size()}, places);
    if (!found || *found < 0)
      refuse(field);
    return found.value_or(0);
  }
  price money() {
    const auto field = row_[next_++];
    const auto found = price::parse({field.c_str(), field.size()});
    if (!found)
      refuse(field);
    return found ? *found : price{};
  }
  candle_interval interval() {
    const auto field = row_[next_++];
    const auto found = parse_candle_interval({field.c_str(), field.size()});
    if (!found)
      refuse(field);
    return found ? *found : candle_interval::m1;
  }
  const std::string& bad() const noexcept { return bad_; }

 private:
  void refuse(const pqxx::field& field) {
    if (bad_.empty())
      bad_ = std::string(field.name()) + " \"" + std::string(field.c_str()).substr(0, 40) + "\"";
  }

  const pqxx::row& row_;
  int next_ = 0;
  std::string bad_;
};

stored_candle read_candle(row_reader& from) {
  stored_candle out;
  auto& c = out.candle;
  c.interval = from.interval();
  c.start = time_ms{std::chrono::milliseconds{from.integer()}};
  c.revision = static_cast<std::int32_t>(from.integer());
  for (auto* each : {&c.open, &c.high, &c.low, &c.close})
    *each = from.money();
  c.volume_units = from.units(decimal_places);
  c.quote_units = from.units(quote_places);
  c.taker_buy_volume_units = from.units(decimal_places);
  c.taker_buy_quote_units = from.units(quote_places);
  c.trades = from.integer();
  c.first_trade_id = from.integer();
  c.last_trade_id = from.integer();
  c.source_epoch = epoch{from.integer()};
  c.first_seq = sequence{from.integer()};
  c.last_seq = sequence{from.integer()};
  c.flags = static_cast<candle_flags>(from.integer());
  out.open_after_ms = static_cast<std::uint32_t>(from.integer());
  out.close_after_ms = static_cast<std::uint32_t>(from.integer());
  out.open_seq = sequence{from.integer()};
  out.close_seq = sequence{from.integer()};
  return out;
}

} // namespace

result<std::vector<stored_candle>> read_candles(const stream_key& source,
                                                const pqxx::result& rows) {
  std::vector<stored_candle> out;
  out.reserve(rows.size());
  for (const auto& row : rows) {
    row_reader from(row);
    out.push_back(read_candle(from));
    if (!from.bad().empty())
      return error{errc::database_refused,
                   "candles: the row of " + source.symbol.str() + ", " + row[0].c_str() + ", " +
                       to_iso8601(out.back().candle.start) + " has " + from.bad() +
                       ", which the engine has not written: put it right, or delete the row, and "
                       "the candle then is made of late events alone"};
  }
  return out;
}

result<std::shared_ptr<const stored_candles>> read_candle_state(const stream_key& source,
                                                                const pqxx::field& state) {
  const pqxx::binarystring bytes(state);
  auto found = decode_candle_state({bytes.get(), bytes.size()});
  if (!found)
    return error{errc::database_refused,
                 "candle_states: the state of " + source.to_string() + " " +
                     found.failure().detail +
                     ". Start the version that wrote it; or delete the row and let the streams of "
                     "its partition begin a new epoch with `tradepulse offsets set`: its candles "
                     "then begin anew, and those of that moment are partial"};
  return std::make_shared<const stored_candles>(std::move(*found));
}

} // namespace tradepulse
