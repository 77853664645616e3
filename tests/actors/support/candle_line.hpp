#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "actors/market/candle_builder.hpp"
#include "actors/market/candle_schedule.hpp"
#include "actors/market/candle_watermark.hpp"

namespace tradepulse {

// A record of a partition's log: an event of one symbol's source stream.
struct candle_record {
  std::int64_t offset = 0;
  std::uint32_t symbol = 0;
  candle_event event;
  time_ms append_time{};
  epoch floor{1};
};

// A partition, its symbols and their database, as far as candles go: first the partition reads the
// whole batch, then each symbol that takes part goes through its own records and those at which
// something closes, then what has changed is committed.
class candle_line {
 public:
  candle_line(const candle_options& rules, std::vector<symbol> names,
              std::chrono::milliseconds max_ahead = std::chrono::seconds{1});

  void read(std::span<const candle_record> batch);
  // A new process: all that is left is what was committed.
  void restart(bool closed_loaded);
  // Closed candles leave memory with each commit from now on.
  void keep_only_open() { release_ = true; }

  const std::vector<candle_fact>& facts(std::uint32_t symbol) const { return all_[symbol].facts; }
  const candle_builder& builder(std::uint32_t symbol) const { return all_[symbol].builder; }
  candle_builder& builder(std::uint32_t symbol) { return all_[symbol].builder; }
  // Symbols that took part in the last batch.
  const std::vector<std::uint32_t>& took_part() const { return took_part_; }
  std::size_t supplied() const { return supplied_; }
  std::size_t rows_written() const { return rows_written_; }
  const candle_builder::outcome& last_outcome() const { return last_; }
  partition_watermark watermark() const { return watermark_; }

 private:
  struct one {
    candle_builder builder;
    std::vector<candle_fact> facts;
    std::map<std::pair<candle_interval, time_ms>, stored_candle> rows;
    std::map<candle_interval, stored_candle_stream> streams;
    stream_position through;
  };
  void apply(one& to, const candle_record& record, const candle_cause& cause);
  void commit(one& what);
  static stored_candles stored(const one& of, bool closed_too);

  std::shared_ptr<const candle_options> rules_;
  std::vector<symbol> names_;
  std::chrono::milliseconds max_ahead_;
  partition_watermark watermark_;
  time_ms committed_watermark_ = partition_watermark::none;
  close_schedule schedule_;
  std::vector<one> all_;
  std::vector<std::uint32_t> took_part_;
  candle_builder::outcome last_;
  std::size_t supplied_ = 0;
  std::size_t rows_written_ = 0;
  bool release_ = false;
};

} // namespace tradepulse
