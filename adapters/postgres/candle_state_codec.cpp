#include "adapters/postgres/candle_state_codec.hpp"

#include <cstdint>
#include <limits>
#include <optional>
#include <utility>

namespace tradepulse {
namespace {

__extension__ typedef unsigned __int128 uint128;

constexpr std::uint8_t version = 1;

// Values wrap on purpose: a difference of any two is folded, and comes back by the same wrap.
std::uint64_t difference(std::int64_t a, std::int64_t b) noexcept {
  return static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b);
}

class packer {
 public:
  std::string out;

  void unsigned_number(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7)
      out += static_cast<char>(value | 0x80);
    out += static_cast<char>(value);
  }
  void number(std::int64_t value) { folded(static_cast<std::uint64_t>(value)); }
  // As its difference to `near`, and that one from now on.
  void next(std::int64_t value, std::int64_t& near) {
    folded(difference(value, near));
    near = value;
  }
  void wide(int128 value) {
    const auto bits = static_cast<uint128>(value);
    auto rest = (bits << 1) ^ (value < 0 ? ~uint128{0} : uint128{0});
    for (; rest >= 0x80; rest >>= 7)
      out += static_cast<char>(static_cast<std::uint8_t>(rest) | 0x80);
    out += static_cast<char>(rest);
  }

 private:
  void folded(std::uint64_t value) {
    const bool negative = (value >> 63) != 0;
    unsigned_number((value << 1) ^ (negative ? ~std::uint64_t{0} : 0));
  }
};

class unpacker {
 public:
  explicit unpacker(std::string_view bytes) : rest_(bytes) {}

  bool good() const noexcept { return good_; }
  bool at_end() const noexcept { return rest_.empty(); }

  std::uint64_t unsigned_number(std::uint64_t most = std::numeric_limits<std::uint64_t>::max()) {
    const auto value = bits<std::uint64_t>();
    if (value > most)
      good_ = false;
    return good_ ? value : 0;
  }
  std::int64_t number() { return static_cast<std::int64_t>(folded()); }
  std::int32_t small_number() {
    const auto value = number();
    good_ = good_ && std::in_range<std::int32_t>(value);
    return good_ ? static_cast<std::int32_t>(value) : 0;
  }
  std::int64_t next(std::int64_t& near) {
    near = static_cast<std::int64_t>(static_cast<std::uint64_t>(near) + folded());
    return near;
  }
  int128 wide() {
    const auto value = bits<uint128>();
    return static_cast<int128>((value >> 1) ^ ((value & 1) != 0 ? ~uint128{0} : uint128{0}));
  }
  std::size_t left() const noexcept { return rest_.size(); }

 private:
  template <class Bits>
  Bits bits() {
    Bits value = 0;
    for (unsigned shift = 0; good_; shift += 7) {
      if (rest_.empty() || shift >= sizeof(Bits) * 8) {
        good_ = false;
        break;
      }
      const auto byte = static_cast<std::uint8_t>(rest_.front());
      rest_.remove_prefix(1);
      const Bits part = byte & 0x7fU;
      if (((part << shift) >> shift) != part) { // beyond the highest bit
        good_ = false;
        break;
      }
      value |= part << shift;
      if ((byte & 0x80U) == 0)
        return value;
    }
    return 0;
  }
  std::uint64_t folded() {
    const auto value = bits<std::uint64_t>();
    return (value >> 1) ^ ((value & 1) != 0 ? ~std::uint64_t{0} : 0);
  }

  std::string_view rest_;
  bool good_ = true;
};

std::int64_t ms_of(time_ms time) noexcept {
  return time.time_since_epoch().count();
}
time_ms time_of(std::int64_t ms) noexcept {
  return time_ms{std::chrono::milliseconds{ms}};
}

// What the values before were.
struct neighbours {
  std::int64_t time = 0;
  std::int64_t price = 0;
  std::int64_t seq = 0;
  std::int64_t trade_id = 0;
};

constexpr std::uint64_t has_partial_through = 1;
constexpr std::uint64_t has_last_closed = 2;

void put(packer& to, neighbours& near, const stored_candle_stream& stream) {
  to.unsigned_number(static_cast<std::uint64_t>(stream.interval));
  to.number(stream.source_epoch.value());
  to.number(stream.position.epoch.value());
  to.number(stream.position.seq.value());
  to.unsigned_number((stream.partial_through ? has_partial_through : 0) |
                     (stream.last_closed ? has_last_closed : 0));
  if (stream.partial_through)
    to.next(ms_of(*stream.partial_through), near.time);
  if (stream.last_closed)
    to.next(ms_of(*stream.last_closed), near.time);
  to.next(stream.last_close.units(), near.price);
}

void put(packer& to, neighbours& near, const stored_candle& row) {
  const auto& candle = row.candle;
  to.unsigned_number(static_cast<std::uint64_t>(candle.interval));
  to.unsigned_number(static_cast<std::uint64_t>(candle.flags));
  to.next(ms_of(candle.start), near.time);
  to.number(candle.revision);
  for (const auto each : {candle.open, candle.high, candle.low, candle.close})
    to.next(each.units(), near.price);
  to.number(candle.trades);
  to.wide(candle.volume_units);
  to.wide(candle.quote_units);
  to.wide(candle.taker_buy_volume_units);
  to.wide(candle.taker_buy_quote_units);
  to.next(candle.first_trade_id, near.trade_id);
  to.next(candle.last_trade_id, near.trade_id);
  to.number(candle.source_epoch.value());
  for (const auto each : {candle.first_seq, row.open_seq, row.close_seq, candle.last_seq})
    to.next(each.value(), near.seq);
  to.unsigned_number(row.open_after_ms);
  to.unsigned_number(row.close_after_ms);
}

candle_interval interval_of(unpacker& from) {
  return static_cast<candle_interval>(from.unsigned_number(all_candle_intervals.size() - 1));
}

stored_candle_stream stream_of(unpacker& from, neighbours& near) {
  stored_candle_stream out;
  out.interval = interval_of(from);
  out.source_epoch = epoch{from.number()};
  out.position.epoch = epoch{from.number()};
  out.position.seq = sequence{from.number()};
  const auto has = from.unsigned_number(has_partial_through | has_last_closed);
  if ((has & has_partial_through) != 0)
    out.partial_through = time_of(from.next(near.time));
  if ((has & has_last_closed) != 0)
    out.last_closed = time_of(from.next(near.time));
  out.last_close = price{from.next(near.price)};
  return out;
}

stored_candle candle_of(unpacker& from, neighbours& near) {
  stored_candle out;
  auto& candle = out.candle;
  candle.interval = interval_of(from);
  candle.flags =
      static_cast<candle_flags>(from.unsigned_number(std::numeric_limits<std::uint16_t>::max()));
  candle.start = time_of(from.next(near.time));
  candle.revision = from.small_number();
  for (auto* each : {&candle.open, &candle.high, &candle.low, &candle.close})
    *each = price{from.next(near.price)};
  candle.trades = from.number();
  candle.volume_units = from.wide();
  candle.quote_units = from.wide();
  candle.taker_buy_volume_units = from.wide();
  candle.taker_buy_quote_units = from.wide();
  candle.first_trade_id = from.next(near.trade_id);
  candle.last_trade_id = from.next(near.trade_id);
  candle.source_epoch = epoch{from.number()};
  for (auto* each : {&candle.first_seq, &out.open_seq, &out.close_seq, &candle.last_seq})
    *each = sequence{from.next(near.seq)};
  constexpr std::uint64_t most = std::numeric_limits<std::uint32_t>::max();
  out.open_after_ms = static_cast<std::uint32_t>(from.unsigned_number(most));
  out.close_after_ms = static_cast<std::uint32_t>(from.unsigned_number(most));
  return out;
}

error refused(std::string what) {
  return {errc::database_refused, std::move(what)};
}

} // namespace

std::string encode_candle_state(const stored_candles& state) {
  packer to;
  to.out.reserve(16 + 24 * state.streams.size() + 80 * state.candles.size());
  to.out += static_cast<char>(version);
  neighbours near;
  to.unsigned_number(state.streams.size());
  for (const auto& each : state.streams)
    put(to, near, each);
  to.unsigned_number(state.candles.size());
  for (const auto& each : state.candles)
    put(to, near, each);
  return std::move(to.out);
}

result<stored_candles> decode_candle_state(std::string_view bytes) {
  const auto all = bytes.size();
  if (bytes.empty())
    return refused("is empty");
  const auto written_as = static_cast<std::uint8_t>(bytes.front());
  if (written_as != version)
    return refused("is of version " + std::to_string(written_as) +
                   ", and this program reads version " + std::to_string(version));
  bytes.remove_prefix(1);
  unpacker from(bytes);
  neighbours near;
  stored_candles out;
  // Nothing is reserved by a count that may be wrong: each takes some bytes of what is left.
  for (auto count = from.unsigned_number(); count > 0 && from.good(); --count)
    out.streams.push_back(stream_of(from, near));
  for (auto count = from.unsigned_number(); count > 0 && from.good(); --count)
    out.candles.push_back(candle_of(from, near));
  if (!from.good())
    return refused("is damaged: of its " + std::to_string(all) +
                   " bytes some are missing, or are none of a state");
  if (!from.at_end())
    return refused("is damaged: " + std::to_string(from.left()) + " of its " + std::to_string(all) +
                   " bytes are too many");
  return out;
}

} // namespace tradepulse
