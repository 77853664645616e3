#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/fwd.hpp>

#include "actors/fwd.hpp"
#include "actors/ingest/delivery_window.hpp"
#include "actors/ingest/ingest_range.hpp"
#include "protocol/client_messages.hpp"
#include "protocol/ports/dead_letter_sink.hpp"
#include "protocol/ports/log_inspector.hpp"
#include "protocol/ports/partition_reader.hpp"
#include "protocol/ports/range_store.hpp"
#include "protocol/price_burst.hpp"

// What actors say to each other: immutable once sent, big payloads by pointer. None of them leaves
// the process. Who understands what: actors/interfaces.hpp.
namespace tradepulse {

// --- log -> partition ------------------------------------------------------------------------
struct batch_arrived {
  std::shared_ptr<const record_batch> batch;
  std::shared_ptr<credit_lease> credit;
  std::shared_ptr<tradepulse::passage> passage = {}; // null: not bounded
};
struct fault_reported {
  generation gen;
  read_fault fault;
  std::string detail;
};
struct log_inspected {
  generation gen;
  bool periodic = false;                  // the check of a living process, not that of a claim
  std::optional<applied_record> expected; // what a periodic check compares with
  result<log_state> state;
};

// --- partition <-> writer --------------------------------------------------------------------
struct claim_partition {
  topic_partition source;
  partition_actor reply_to;
};
struct move_partition {
  repositioning move;
  partition_actor reply_to;
};
struct release_partition {
  topic_partition source;
  generation gen;
};
struct watch_row { // of a partition that stopped: claim when its generation has changed
  topic_partition source;
  generation gen;
  partition_actor reply_to;
};
struct row_changed {
  generation gen; // the one that was watched
};
struct partition_claimed {
  std::shared_ptr<const claimed_partition> grant;
};
// A stream that memory has and the grant does not: what the database knows of it.
struct load_streams {
  topic_partition source;
  generation gen;
  std::vector<symbol> symbols;
  partition_actor reply_to;
};
struct streams_loaded {
  generation gen;
  std::vector<symbol> asked;
  std::vector<stored_stream> found;
};
struct range_complete {
  std::shared_ptr<ingest_range> range;
  partition_actor reply_to;
};
struct range_failed {
  generation gen;
  symbol failed; // empty: a dead letter's token
};
struct range_committed {
  generation gen;
  next_offset next;
  std::optional<applied_record> last_applied;
  std::size_t events = 0;
  topic_partition source;
};
enum class claim_loss : std::uint8_t { fenced, connection_lost };
struct claim_lost {
  generation gen;
  claim_loss cause = claim_loss::fenced;
  std::string detail;
};

// --- partition -> symbol ---------------------------------------------------------------------
struct symbol_work {
  range_ticket ticket;
  std::shared_ptr<tradepulse::passage> passage = {};
};
struct restore_stream {
  stored_stream stored;
  bool uncommitted_epoch = false; // its epoch was begun by a move that is not committed yet
};
struct passivate_symbol {}; // rest, if nothing is on its way to you
struct epoch_committed {
  tradepulse::epoch epoch;
};

// --- directory, symbol -> fan-out ------------------------------------------------------------
// One subscription that is being made: `group` is the request it belongs to.
struct stream_joined {
  connection_id connection;
  std::uint64_t group = 0;
  stream_index index;
  std::shared_ptr<const price_snapshot> snapshot; // null: unknown
  bool away = false;                              // its partition is not held now
};
// The database was ahead of this process: what is between is not to be had live.
struct stream_moved {
  stream_index index;
  std::shared_ptr<const price_snapshot> snapshot;
};
struct stream_away {
  stream_index index;
  tradepulse::symbol symbol;
};
struct stream_back { // its partition is held again and nothing was missed: subscriptions go on
  stream_index index;
};

// --- connection -> fan-out -------------------------------------------------------------------
struct group_member {
  stream_index index;
  tradepulse::symbol symbol;
};
struct open_group {
  connection_id connection;
  std::uint64_t group = 0;
  std::string request_id;
  std::vector<group_member> members;
};
struct leave_streams {
  connection_id connection;
  std::vector<stream_index> streams;
};
struct control_frame {
  connection_id connection;
  std::shared_ptr<const std::string> frame; // whole WebSocket frames
};

// What a slow reader's subscription gets when it can be written to again.
struct handed_item {
  stream_index index;
  std::string preface; // frames of `gap` messages and join snapshots that come before, in order
  std::optional<merged_update> update;
  stream_position through; // the subscription's position after all of it
  std::uint32_t gaps = 0;  // `gap` messages in the preface
};
struct hand_back {
  connection_id connection;
  std::vector<handed_item> items;
};

// --- fan-out -> connection -------------------------------------------------------------------
// Events a subscription could not take; from the first refusal until it is handed back.
struct events_diverted {
  burst_ptr burst;
  std::size_t first = 0;    // index of the first event that was not delivered
  stream_position before;   // the subscription's position
  bool outbox_full = false; // just refused: outbox_drained will follow
};
struct move_diverted {
  stream_moved moved;
  stream_position before;
};
struct handed_back {
  std::vector<handed_item> refused; // to be merged with what came since; empty: taken
};
struct control_refused {         // not at once: answers wait, in the order of the requests
  std::size_t waiting_bytes = 0; // behind the oldest of them
};
struct outbox_drained {};
struct client_said {
  std::shared_ptr<const client_message> message;
};
struct client_gone {
  close_code code = close_code::normal;
};

// --- supervision -----------------------------------------------------------------------------
struct assignment_changed {
  std::vector<topic_partition> assigned;
};
struct give_up_partition {}; // no longer assigned, or draining: finish, release, end
struct partition_ended {
  topic_partition source;
  std::size_t events_left = 0; // to the log: dispatched and not committed
};
struct begin_drain {};
struct second_passed {}; // from the one ticker
struct broker_back {};
struct letter_refused {
  std::shared_ptr<const dead_letter> letter;
  range_ticket ticket;
  std::string detail;
};
struct retry_due {
  generation gen;
};
struct flush_due {
  topic_partition source;
  bool armed = false; // by the end of an interval, not asked for
};
struct claims_due {};
// One letter of a row that the database refused is confirmed, or was not.
struct refusal_letter_done {
  topic_partition source;
  generation gen;
  std::shared_ptr<const dead_letter> letter;
  bool confirmed = false;
};

} // namespace tradepulse
