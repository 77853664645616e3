#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <unordered_set>

#include "actors/distribution/answer_queue.hpp"
#include "actors/distribution/connection_owner.hpp"
#include "protocol/ports/client_connection.hpp"
#include "protocol/price_snapshot.hpp"

namespace tradepulse {

struct subscriber;

// One stream of one client: how far it has got, and on which way its events go.
struct subscription {
  enum class phase : std::uint8_t {
    joining, // its request is not answered yet: bursts are folded into the snapshot
    live,
    diverted, // the outbox was full: its owner merges, until it hands back
  };
  // What it is to be told of its partition, when the outbox takes it.
  enum class notice : std::uint8_t { none, away, snapshot };

  subscriber* owner = nullptr;
  stream_index index;
  tradepulse::symbol symbol;
  phase state = phase::joining;
  notice due = notice::none;
  bool answered = false; // while joining: the stream has said where it stands
  bool away = false;     // while joining: its partition is
  std::uint64_t group = 0;
  // While joining; then of a partition that was away, to be sent when it is back.
  std::shared_ptr<const price_snapshot> snapshot;
  stream_position position;         // of what was delivered
  stream_position diverted_through; // of what the owner has got since
  std::size_t slot = 0;             // in its stream's list
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
};

} // namespace tradepulse
