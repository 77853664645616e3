#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "actors/ingest/candle_clock.hpp"
#include "actors/ingest/ingest_range.hpp"
#include "protocol/ports/dead_letter_sink.hpp"
#include "protocol/ports/tick_decoder.hpp"

namespace tradepulse {

// Turns a batch into a range: decodes, groups by stream, sets aside what cannot be used.
class range_builder {
 public:
  // `candles`: absent where none are made of this topic.
  explicit range_builder(std::shared_ptr<tick_decoder> decoder,
                         std::optional<candle_source> candles = {});

  struct built {
    std::shared_ptr<ingest_range> range; // not opened yet
    std::vector<dead_letter> letters;
    std::size_t ticks = 0; // records that feed a stream
    std::size_t skipped = 0;
    std::size_t tombstones = 0;
    std::uint64_t times_held_back = 0; // of the watermark
  };
  // `from`: where the range begins (the end of the one before). Records that feed one of the
  // `stopped` streams become dead letters, also where they feed another one.
  built build(std::shared_ptr<const record_batch> batch, next_offset from,
              const std::unordered_set<stream_key>& stopped);

  // A claim: candles go on from what is stored; restore() follows for each stream.
  void claimed(std::optional<time_ms> watermark);
  void restore(const stored_stream& stream);
  // Null: none are made.
  const candle_clock* candles() const noexcept { return clock_ ? &*clock_ : nullptr; }

  // The other stream that records of this one have fed as well: it cannot go on alone, since they
  // become dead letters whole, and what it has published of them would be numbered anew.
  std::optional<stream_key> fed_with(const stream_key& each) const;

 private:
  // The events of one kind until they are grouped. Buffers keep their memory from batch to batch.
  template <class Logged>
  struct sorter {
    std::unordered_map<stream_key, std::uint32_t> ids; // dense, so that grouping is counting
    std::vector<stream_key> names;
    std::vector<std::uint32_t> counts; // by id
    std::vector<std::uint32_t> present;
    std::vector<std::pair<std::uint32_t, Logged>> events;

    void clear();
    std::uint32_t id_of(const stream_key& key);
    std::uint32_t add(const stream_key& key, const Logged& event);
    // A slot without events, where it has none.
    void take_part(std::uint32_t id);
    // Within a stream the order of the log stays.
    void move_into(std::vector<ingest_range::slot>& slots, std::vector<Logged>& out);
  };

  // False: it feeds a stopped stream.
  bool take(decoded_tick& each, const std::unordered_set<stream_key>& stopped);
  bool take(decoded_trade& each, const std::unordered_set<stream_key>& stopped);
  bool take(decoded_quote& each, const std::unordered_set<stream_key>& stopped);
  bool take(decoded_kline& each, const std::unordered_set<stream_key>& stopped);

  // Of a source of candles.
  void tell_clock(const stream_key& key, std::uint32_t id, time_ms event_time);
  void add_closers(const std::unordered_set<stream_key>& stopped);

  std::shared_ptr<tick_decoder> decoder_;
  std::optional<candle_clock> clock_;
  sorter<tick> prices_;
  sorter<logged_trade> trades_;
  sorter<logged_quote> quotes_;
  sorter<logged_kline> klines_;
};

} // namespace tradepulse
