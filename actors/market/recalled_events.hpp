#pragma once

#include <memory>

#include "protocol/event_burst.hpp"
#include "protocol/price_snapshot.hpp"
#include "protocol/stream_position.hpp"

namespace tradepulse {

// What memory has of a stream behind a position.
struct recalled_events {
  head_ptr published;      // null: there is nothing to show
  stream_position highest; // that was published
  // What is above it comes live, from behind this answer on. Below `highest` while a partition
  // reads again what it had published before.
  stream_position newest;
  // Memory has each event from here on, looked for as far as was asked for: up to `newest`, or up
  // to the end of an earlier epoch whose last events wait for their commit in another partition.
  // Right behind that where it has none.
  stream_position from;
  // From behind the position on, or a little earlier; at most so many as were asked for. Null:
  // memory does not reach so far, or there is nothing.
  burst_ptr burst;
  bool away = false; // its partition is not held now
  // The partition has read again all that was in its log at its claim.
  bool settled = false;
  // What is below `from` was committed, or never will be: it is in the journal or nowhere.
  bool final_below = false;
  stream_position restored; // as of the last claim, so committed; nothing where that is not known
};

} // namespace tradepulse
