#include "adapters/postgres/stored_streams.hpp"

#include <bit>
#include <chrono>

#include "adapters/postgres/stored_candles.hpp"
#include "protocol/log.hpp"

namespace tradepulse {
namespace {

std::string_view text_of(const pqxx::field& field) {
  return {field.c_str(), field.size()};
}

std::optional<std::int64_t> integer_of(const pqxx::field& field) {
  return field.is_null() ? std::nullopt : std::optional(field.as<std::int64_t>());
}

time_ms time_of(std::int64_t ms) {
  return time_ms{std::chrono::milliseconds{ms}};
}

// The order of sql::every_stream().
enum column : int {
  symbol_at,
  price_at,
  volume_at,
  timestamp_at,
  price_sequence_at,
  source_sequence_at,
  epoch_at,
  last_sequence_at,
  home_topic_at,
  home_partition_at,
  home_moved_at,
  state_at,
  stream_at,
  newest_time_at,
  newest_source_at,
  candles_at
};

std::optional<newest_event> read_newest(const pqxx::row& row) {
  const auto time = integer_of(row[newest_time_at]);
  if (!time)
    return std::nullopt;
  return newest_event{time_of(*time), integer_of(row[newest_source_at])};
}

// Absent where the price or the volume is not one of ours (NaN, negative, above the bound).
std::optional<price_snapshot> read_snapshot(const pqxx::row& row, const stored_stream& stream) {
  auto value = price::parse(text_of(row[price_at]));
  if (!value)
    return std::nullopt;
  price_snapshot out{{stream.symbol, stream.position, stream.kind},
                     *value,
                     std::nullopt,
                     time_of(row[timestamp_at].as<std::int64_t>()),
                     sequence{row[price_sequence_at].as<std::int64_t>()},
                     integer_of(row[source_sequence_at])};
  if (!row[volume_at].is_null()) {
    auto volume = quantity::parse(text_of(row[volume_at]));
    if (!volume)
      return std::nullopt;
    out.volume = *volume;
  }
  return out;
}

} // namespace

result<std::vector<stored_stream>> read_streams(const pqxx::result& rows) {
  std::vector<stored_stream> out;
  out.reserve(rows.size());
  std::size_t bad_symbols = 0;
  std::size_t bad_streams = 0;
  std::size_t bad_values = 0;
  std::string example;
  for (const auto& row : rows) {
    auto name = symbol::parse(text_of(row[symbol_at]));
    if (!name) {
      ++bad_symbols;
      example = name.failure().detail;
      continue;
    }
    const auto kind = parse_stream_kind(text_of(row[stream_at]));
    if (!kind) {
      ++bad_streams;
      example = name->str() + ": " + kind.failure().detail;
      continue;
    }
    stored_stream& stream = out.emplace_back();
    stream.symbol = *name;
    stream.kind = *kind;
    stream.position = {epoch{row[epoch_at].as<std::int64_t>()},
                       sequence{row[last_sequence_at].as<std::int64_t>()}};
    if (!row[home_topic_at].is_null() && !row[home_partition_at].is_null())
      stream.home =
          topic_partition{row[home_topic_at].c_str(), row[home_partition_at].as<std::int32_t>()};
    if (const auto moved = integer_of(row[home_moved_at]))
      stream.home_moved_at = time_of(*moved);
    stream.flags = static_cast<stream_flags>(row[state_at].as<int>() & 0xff);
    stream.newest = read_newest(row);
    if (!row[candles_at].is_null()) {
      auto candles = read_candle_state(stream.key(), row[candles_at]);
      if (!candles)
        return candles.failure();
      stream.candles = std::move(*candles);
    }
    if (row[price_at].is_null())
      continue;
    stream.snapshot = read_snapshot(row, stream);
    if (!stream.snapshot) {
      ++bad_values;
      example = stream.symbol.str();
    }
  }
  if (bad_symbols + bad_streams + bad_values > 0)
    log::warning("stored_rows_unusable", {{"bad_symbols", bad_symbols},
                                          {"bad_streams", bad_streams},
                                          {"bad_values", bad_values},
                                          {"example", example}});
  return out;
}

std::string partition_columns() {
  return "generation, next_offset, owner, epoch_floor, cluster_id, digest, digest_offset, "
         "(extract(epoch FROM updated_at) * 1000)::bigint, journal_time, watermark";
}

partition_row read_partition(const topic_partition& source, const pqxx::row& row, int first) {
  auto at = [&](int index) { return row[first + index]; };
  partition_row out;
  out.source = source;
  out.gen = generation{at(0).as<std::int64_t>()};
  if (const auto next = integer_of(at(1)))
    out.next = next_offset{*next};
  if (!at(2).is_null())
    out.owner = at(2).c_str();
  out.epoch_floor = epoch{at(3).as<std::int64_t>()};
  out.cluster_id = at(4).c_str();
  if (!at(5).is_null() && !at(6).is_null())
    out.last_applied = applied_record{record_offset{at(6).as<std::int64_t>()},
                                      std::bit_cast<std::uint64_t>(at(5).as<std::int64_t>())};
  out.updated_at = time_of(at(7).as<std::int64_t>());
  if (const auto newest = integer_of(at(8)))
    out.journal_time = time_of(*newest);
  return out;
}

std::optional<time_ms> read_watermark(const pqxx::row& row, int first) {
  const auto ms = integer_of(row[first + 9]);
  return ms ? std::optional(time_of(*ms)) : std::nullopt;
}

std::int64_t digest_to_stored(std::uint64_t digest) noexcept {
  return std::bit_cast<std::int64_t>(digest);
}

} // namespace tradepulse
