#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "protocol/stream_kind.hpp"

// The SQL that the journal is read with, as text. Each statement finds its rows by an index, in
// the index's order. Leaves are read by their names, or, where only the journal is granted,
// through it, with bounds that leave that one leaf to the planner: it opens and locks no other.
namespace tradepulse::sql {

enum class leaf_access : std::uint8_t { by_name, through_journal };

// Leaves of a stream that one statement answers; a page that needs more asks for the next ones.
inline constexpr std::size_t leaves_at_a_time = 8;

// Where a stream's events are. $1 symbol, $2 stream, $3 epoch, $4 number. Rows, in no order:
// (what, stream_id, epoch, leaf as YYYYMMDD, first_seq), where `what` is
//   1, 2  its first and its last leaf: what is kept
//   3, 4  the same of epoch $3
//   5     the leaf that holds ($3, $4) if any does, and those behind it, leaves_at_a_time in all;
//         none where it would lie before the first leaf
//   6     no leaf: the committed position is (epoch, first_seq)
std::string places_in_journal();

// Where the events are that were committed on a day or later. $1 symbol, $2 stream, $3 YYYYMMDD.
// Rows as above; `what` is 1, 2, 6, or
//   5     the leaves of that day and later ones, leaves_of_a_time at most
std::string places_of_time();
inline constexpr std::size_t leaves_of_a_time = 64;

// The leaf of stream $1 before ($2 epoch, $3 YYYYMMDD). Rows: as above, without `what`; at most
// one.
std::string journal_leaf_before();

// The leaves of stream $1 behind ($2 epoch, $3 YYYYMMDD), in their order, leaves_at_a_time at most.
// Rows: (stream_id, epoch, leaf, first_seq).
std::string journal_leaves_behind();

// The lowest position that is kept. $1 symbol, $2 stream. Rows: (epoch, first_seq), at most one.
std::string lowest_in_journal();

// What stands behind FROM to read one leaf, up to the first condition.
std::string rows_of_leaf(std::string_view leaf, leaf_access by, event_kind of);

// Events of one leaf ("YYYYMMDD") of the journal of a kind, in the order of their numbers.
// $1 stream_id, $2 epoch, $3 and $4 numbers: above and up to, $5 how many. Columns: common_columns
// (journal_decoding), then journal_table::read.
std::string events_of_leaf(std::string_view leaf, leaf_access by = leaf_access::by_name,
                           event_kind of = event_kind::price);

// The greatest number in a leaf. $1 stream_id, $2 epoch.
std::string last_of_leaf(std::string_view leaf, leaf_access by = leaf_access::by_name,
                         event_kind of = event_kind::price);

// The same with its commit time: (seq, commit_time).
std::string newest_of_leaf(std::string_view leaf, leaf_access by = leaf_access::by_name,
                           event_kind of = event_kind::price);

// The lowest number of a leaf whose event was committed at a time or later, one number; found by
// halving what is between, a look into the index each time. $1 stream_id, $2 epoch, $3 below the
// first number in the leaf, $4 a number of which it is true, $5 the time in milliseconds. Requires:
// commit times do not go back within an epoch.
std::string since_of_leaf(std::string_view leaf, leaf_access by = leaf_access::by_name,
                          event_kind of = event_kind::price);

} // namespace tradepulse::sql
