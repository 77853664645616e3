#include "adapters/postgres/commit_arrays.hpp"

#include <algorithm>

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

void add_stream(binary_array& to, stream_kind kind) {
  kind == stream_kind::price ? to.add_absent() : to.add_text(name_of(kind));
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

// Those of stream_positions beside these.
struct other_arrays : position_arrays {
  binary_array streams{type::text};
  binary_array newest_times{type::int8};
  binary_array newest_sources{type::int8};

  void add(const topic_partition& source, const stream_row& row) {
    position_arrays::add(source, row.stream);
    add_stream(streams, row.stream.kind);
    const auto& newest = row.stream.newest;
    newest ? newest_times.add_integer(ms_of(newest->event_time)) : newest_times.add_absent();
    newest && newest->source_sequence ? newest_sources.add_integer(*newest->source_sequence)
                                      : newest_sources.add_absent();
  }
};

// Streams in the order in which each session locks their rows: by symbol, then by the name of
// their kind. They come in that of the symbols.
std::vector<const stream_row*> in_order_of_names(std::span<const stream_row> rows) {
  std::vector<const stream_row*> out;
  out.reserve(rows.size());
  for (const auto& row : rows)
    out.push_back(&row);
  for (auto first = out.begin(); first != out.end();) {
    const auto last = std::find_if(first, out.end(), [&](const stream_row* each) {
      return each->stream.symbol != (*first)->stream.symbol;
    });
    if (last - first > 1)
      std::ranges::sort(first, last, {},
                        [](const stream_row* each) { return name_of(each->stream.kind); });
    first = last;
  }
  return out;
}

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
  other_arrays positions;
  binary_array prices{type::numeric};
  binary_array volumes{type::numeric};
  binary_array timestamps{type::int8};
  binary_array price_sequences{type::int8};
  binary_array source_sequences{type::int8};
  binary_array sources{type::text};
  binary_array source_streams{type::text};
  for (const stream_row* each : in_order_of_names(rows)) {
    const stream_row& row = *each;
    const stored_stream& s = row.stream;
    // A stream that moved once is watched from then on: should it turn unordered, each of its
    // feeding partitions must be known.
    if (s.home_moved_at || has(s.flags, stream_flags::unordered)) {
      sources.add_text(s.symbol.view());
      add_stream(source_streams, s.kind);
    }
    if (row.position_only || !s.snapshot || s.kind != stream_kind::price) {
      positions.add(source, row);
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
                              &positions.symbols,
                              &positions.epochs,
                              &positions.last_sequences,
                              &positions.home_topics,
                              &positions.home_partitions,
                              &positions.home_moved_at,
                              &positions.states,
                              &positions.streams,
                              &positions.newest_times,
                              &positions.newest_sources,
                              &sources,
                              &source_streams})
    out.push_back(array->take());
  return out;
}

} // namespace tradepulse
