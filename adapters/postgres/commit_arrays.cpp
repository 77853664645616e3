#include "adapters/postgres/commit_arrays.hpp"

#include <array>

#include "adapters/postgres/array_literal.hpp"

namespace tradepulse {
namespace {

std::int64_t ms_of(time_ms time) {
  return time.time_since_epoch().count();
}

// The columns that a position has in both tables.
struct position_arrays {
  array_literal symbols, epochs, last_sequences, home_topics, home_partitions, home_moved_at,
      states;

  void add(const topic_partition& source, const stored_stream& s) {
    const topic_partition& home = s.home ? *s.home : source;
    symbols.add_text(s.symbol.view());
    epochs.add_integer(s.position.epoch.value());
    last_sequences.add_integer(s.position.seq.value());
    home_topics.add_text(home.topic);
    home_partitions.add_integer(home.partition);
    s.home_moved_at ? home_moved_at.add_integer(ms_of(*s.home_moved_at)) : home_moved_at.add_null();
    states.add_integer(std::int64_t{static_cast<std::uint8_t>(s.flags)});
  }
};

// 0 where the event shown is of an older epoch than the position: the first event of the epoch
// replaces it, whatever its time.
std::int64_t price_sequence_of(const stored_stream& s) {
  const bool of_this_epoch =
      s.snapshot->position.epoch == s.position.epoch && s.snapshot->price_seq <= s.position.seq;
  return of_this_epoch ? s.snapshot->price_seq.value() : 0;
}

} // namespace

std::vector<std::string> commit_arrays(const topic_partition& source,
                                       std::span<const stream_row> rows) {
  position_arrays shown;
  position_arrays position_only;
  array_literal prices, volumes, timestamps, price_sequences, source_sequences, sources;
  for (const stream_row& row : rows) {
    const stored_stream& s = row.stream;
    // A stream that moved once is watched from then on: should it turn unordered, each of its
    // feeding partitions must be known.
    if (s.home_moved_at || has(s.flags, stream_flags::unordered))
      sources.add_text(s.symbol.view());
    if (row.position_only || !s.snapshot) {
      position_only.add(source, s);
      continue;
    }
    shown.add(source, s);
    prices.add_decimal(s.snapshot->price.units());
    s.snapshot->volume ? volumes.add_decimal(s.snapshot->volume->units()) : volumes.add_null();
    timestamps.add_integer(ms_of(s.snapshot->event_time));
    price_sequences.add_integer(price_sequence_of(s));
    source_sequences.add_integer(s.snapshot->source_sequence);
  }
  std::vector<std::string> out;
  for (array_literal* array : {&shown.symbols,
                               &prices,
                               &volumes,
                               &timestamps,
                               &shown.epochs,
                               &shown.last_sequences,
                               &price_sequences,
                               &source_sequences,
                               &shown.home_topics,
                               &shown.home_partitions,
                               &shown.home_moved_at,
                               &shown.states,
                               &position_only.symbols,
                               &position_only.epochs,
                               &position_only.last_sequences,
                               &position_only.home_topics,
                               &position_only.home_partitions,
                               &position_only.home_moved_at,
                               &position_only.states,
                               &sources})
    out.push_back(array->take());
  return out;
}

} // namespace tradepulse
