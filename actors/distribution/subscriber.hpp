#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "actors/distribution/answer_queue.hpp"
#include "actors/distribution/connection_owner.hpp"
#include "actors/distribution/recovery.hpp"
#include "actors/distribution/waiting_views.hpp"
#include "protocol/ports/client_connection.hpp"
#include "protocol/price_snapshot.hpp"

namespace tradepulse {

struct subscriber;

// What a subscription is while it catches up, and no longer (see recovery_desk).
struct returning {
  recovery way;
  recovery::opening opened{};
  std::uint64_t ask = 0; // the last question or read; older answers are nobody's
  bool active = false;   // counted among those of its connection that ask or hold a page
};

// One stream of one client: how far it has got, and on which way its events go.
struct subscription {
  enum class phase : std::uint8_t {
    joining,    // its request is not answered yet: bursts are folded into the snapshot
    recovering, // it reads what its client has missed; bursts are not kept for it
    live,
    diverted, // the outbox was full: its owner merges, until it hands back
  };
  // What it is to be told of its partition, when the outbox takes it.
  enum class notice : std::uint8_t { none, away, snapshot };

  subscriber* owner = nullptr;
  stream_index index;
  stream_key stream;
  phase state = phase::joining;
  notice due = notice::none;
  bool answered = false; // while joining: the stream has said where it stands
  bool away = false;     // while joining: its partition is
  bool recall_due = false; // while diverted: it catches up once it is handed back
  std::uint64_t group = 0;
  // While joining; then of a partition that was away, to be sent when it is back.
  head_ptr snapshot;
  stream_position position;             // of what was delivered
  stream_position diverted_through;     // of what the owner has got since
  std::size_t slot = 0;                 // in its stream's list
  std::unique_ptr<returning> back;      // from `subscribe` with `since` until it is live
  std::unique_ptr<waiting_views> views; // of a stream of candles, from its first view or fact on
};

// A connection as its I/O thread sees it.
struct subscriber {
  connection_id id;
  std::shared_ptr<outbox> out;
  std::shared_ptr<connection_owner> owner;
  bool numbers_as_strings = false;
  bool dirty = false;          // pushed to in this pass
  bool answer_refused = false; // the oldest answer; until the outbox has drained
  bool notice_refused = false;
  std::unordered_map<stream_index, std::unique_ptr<subscription>> subscriptions;
  answer_queue answers;
  std::unordered_set<stream_index> notices; // of subscriptions that have one due
  std::size_t diverted = 0;                 // of its subscriptions
  // Views of open candles, the last of what it is sent:
  std::set<stream_index> views; // of subscriptions that are live and have some that wait
  stream_index last_view;
  bool view_refused = false; // until the outbox has drained
  // Of its subscriptions that catch up:
  std::set<stream_index> due;     // have a page to write, or ask what is said before it
  std::set<stream_index> in_line; // may ask when there is room and their turn
  std::set<stream_index> held;    // have something that the outbox has refused
  stream_index last_turn;
  std::size_t active_returns = 0;
  bool page_refused = false; // until the outbox has drained
};

} // namespace tradepulse
