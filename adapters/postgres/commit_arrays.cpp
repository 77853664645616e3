#include "adapters/postgres/commit_arrays.hpp"

#include "adapters/postgres/binary_array.hpp"

namespace tradepulse {
namespace {

using type = binary_array::type;

std::int64_t ms_of(time_ms time) {
  return time.time_since_epoch().count();
}

void add_unless(binary_array& to, std::int64_t usual, std::int64_t value) {
  value == usual ? to.add_absent() : to.add_integer(value);
}

// The columns that a position has in both tables.
struct position_arrays {
  binary_array symbols{type::text};
  binary_array epochs{type::int8};
  binary_array last_sequences{type::int8};
  binary_array home_topics{type::text};
  binary_array home_partitions{type::int4};
  binary_array home_moved_at{type::int8};
  binary_array states{type::int2};

  void add(const topic_partition& source, const stored_stream& s) {
    symbols.add_text(s.symbol.view());
    add_unless(epochs, 1, s.position.epoch.value());
    last_sequences.add_integer(s.position.seq.value());
    s.home&& s.home->topic != source.topic ? home_topics.add_text(s.home->topic)
                                           : home_topics.add_absent();
    add_unless(home_partitions, source.partition, s.home ? s.home->partition : source.partition);
    s.home_moved_at ? home_moved_at.add_integer(ms_of(*s.home_moved_at))
                    : home_moved_at.add_absent();
    add_unless(states, 0, static_cast<std::uint8_t>(s.flags));
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
  binary_array prices{type::numeric};
  binary_array volumes{type::numeric};
  binary_array timestamps{type::int8};
  binary_array price_sequences{type::int8};
  binary_array source_sequences{type::int8};
  binary_array sources{type::text};
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
    s.snapshot->volume ? volumes.add_decimal(s.snapshot->volume->units()) : volumes.add_absent();
    timestamps.add_integer(ms_of(s.snapshot->event_time));
    add_unless(price_sequences, s.position.seq.value(), price_sequence_of(s));
    s.snapshot->source_sequence ? source_sequences.add_integer(*s.snapshot->source_sequence)
                                : source_sequences.add_absent();
  }
  std::vector<std::string> out;
  for (binary_array* array : {&shown.symbols,
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
