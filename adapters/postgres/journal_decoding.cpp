#include "adapters/postgres/journal_decoding.hpp"

#include <string_view>
#include <utility>
#include <vector>

#include "adapters/postgres/journal_tables.hpp"
#include "adapters/postgres/numeric_text.hpp"
#include "protocol/expects.hpp"

namespace tradepulse {
namespace {

constexpr int late_flag = 1;
// A size is kept in 1e-6 and a rest in 1e-8: below 10^12 it fits 64 bits without loss.
constexpr int128 units_of_size = 100;

time_ms time_of(const pqxx::field& field) {
  return time_ms{std::chrono::milliseconds{field.as<std::int64_t>()}};
}

std::optional<std::int64_t> integer_of(const pqxx::field& field) {
  return field.is_null() ? std::nullopt : std::optional(field.as<std::int64_t>());
}

price price_of(const pqxx::field& field) {
  return price{field.as<std::int64_t>()};
}

quantity size_of(const pqxx::field& size, const pqxx::field& rest) {
  return quantity{size.as<std::int64_t>() * units_of_size + (rest.is_null() ? 0 : rest.as<int>())};
}

// The columns allow no more than numeric(36,8), which is what can be parsed.
int128 decimal_of(const pqxx::field& field) {
  return parse_decimal({field.c_str(), field.size()}).value();
}

// Of any int128; NULL is 0.
int128 units_of(const pqxx::field& field, int places = decimal_places) {
  return field.is_null() ? 0 : units_of_numeric({field.c_str(), field.size()}, places).value();
}

std::optional<int128> decimal_if_any(const pqxx::field& field) {
  return field.is_null() ? std::nullopt : std::optional(decimal_of(field));
}

// The columns of journal_table::read, from `at` on.
void read_values(const pqxx::row& row, int at, numbered_event& out) {
  out.price = price_of(row[at]);
  if (!row[at + 1].is_null())
    out.volume = size_of(row[at + 1], row[at + 2]);
}

void read_values(const pqxx::row& row, int at, numbered_trade& out) {
  out.value.price = price_of(row[at]);
  out.value.size = size_of(row[at + 1], row[at + 2]);
  out.value.side = static_cast<trade_side>(row[at + 3].as<int>());
  out.value.trade_id = integer_of(row[at + 4]);
}

void read_values(const pqxx::row& row, int at, numbered_quote& out) {
  out.value.bid = price_of(row[at]);
  out.value.bid_size = size_of(row[at + 1], row[at + 2]);
  out.value.ask = price_of(row[at + 3]);
  out.value.ask_size = size_of(row[at + 4], row[at + 5]);
}

void read_values(const pqxx::row& row, int at, numbered_kline& out) {
  out.value.start = time_of(row[at]);
  out.value.end = time_of(row[at + 1]);
  out.value.open = price_of(row[at + 2]);
  out.value.high = price_of(row[at + 3]);
  out.value.low = price_of(row[at + 4]);
  out.value.close = price_of(row[at + 5]);
  out.value.volume = quantity{decimal_of(row[at + 6])};
  out.value.quote_volume = decimal_if_any(row[at + 7]);
  out.value.taker_buy_volume = decimal_if_any(row[at + 8]);
  out.value.taker_buy_quote_volume = decimal_if_any(row[at + 9]);
  out.value.trades = integer_of(row[at + 10]);
  out.value.first_trade_id = integer_of(row[at + 11]);
  out.value.last_trade_id = integer_of(row[at + 12]);
  out.value.closed = row[at + 13].as<bool>();
}

// What is not known is NULL, and counts nothing.
void read_values(const pqxx::row& row, int at, stream_kind kind, numbered_candle& out) {
  auto& value = out.value;
  value.interval = kind.candle_length();
  value.start = time_of(row[at]);
  value.open = price_of(row[at + 1]);
  value.high = price_of(row[at + 2]);
  value.low = price_of(row[at + 3]);
  value.close = price_of(row[at + 4]);
  value.volume_units = units_of(row[at + 5]);
  value.quote_units = units_of(row[at + 6], quote_places);
  value.taker_buy_volume_units = units_of(row[at + 7]);
  value.taker_buy_quote_units = units_of(row[at + 8], quote_places);
  value.trades = row[at + 9].as<std::int64_t>();
  value.first_trade_id = integer_of(row[at + 10]).value_or(0);
  value.last_trade_id = integer_of(row[at + 11]).value_or(0);
  value.source_epoch = epoch{row[at + 12].as<std::int64_t>()};
  value.first_seq = sequence{row[at + 13].as<std::int64_t>()};
  value.last_seq = sequence{row[at + 14].as<std::int64_t>()};
  value.revision = row[at + 15].as<std::int32_t>();
  value.flags = static_cast<candle_flags>(row[at + 16].as<int>());
}

template <class Numbered>
void read_values(const pqxx::row& row, int at, stream_kind, Numbered& out) {
  read_values(row, at, out);
}

template <class Events>
class builder_of final : public burst_builder {
 public:
  explicit builder_of(stream_kind kind) : kind_(kind) {}

  void add(const pqxx::row& row) override {
    auto& out = events_.emplace_back();
    out.seq = number_of(row);
    out.event_time = time_of(row[1]);
    out.source_sequence = integer_of(row[3]);
    out.late = (row[4].as<int>() & late_flag) != 0;
    read_values(row, common_column_count, kind_, out);
  }
  bool empty() const noexcept override { return events_.empty(); }
  sequence last() const noexcept override { return events_.back().seq; }
  burst_ptr take(stream_index index, const stream_key& of, epoch in, time_ms commit_time) override {
    return std::make_shared<const burst_of<Events>>(
        index, of.symbol, in, std::exchange(events_, {}), commit_time, of.kind);
  }

 private:
  const stream_kind kind_;
  std::vector<typename Events::numbered> events_;
};

} // namespace

time_ms commit_time_of(const pqxx::row& row) {
  return time_of(row[2]);
}

sequence number_of(const pqxx::row& row) {
  return sequence{row[0].as<std::int64_t>()};
}

std::unique_ptr<burst_builder> make_burst_builder(stream_kind kind) {
  switch (kind.events()) {
  case event_kind::price:
    return std::make_unique<builder_of<price_events>>(kind);
  case event_kind::trade:
    return std::make_unique<builder_of<trade_events>>(kind);
  case event_kind::quote:
    return std::make_unique<builder_of<quote_events>>(kind);
  case event_kind::kline:
    return std::make_unique<builder_of<kline_events>>(kind);
  case event_kind::candle:
    return std::make_unique<builder_of<candle_events>>(kind);
  }
  TRADEPULSE_EXPECTS(journal_kinds::all().contains(kind.events()));
  return nullptr;
}

} // namespace tradepulse
