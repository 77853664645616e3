#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/fwd.hpp>

#include "actors/distribution/merged_event.hpp"
#include "actors/fwd.hpp"
#include "actors/ingest/delivery_window.hpp"
#include "actors/ingest/ingest_range.hpp"
#include "actors/market/candle_options.hpp"
#include "actors/market/recalled_events.hpp"
#include "protocol/client_messages.hpp"
#include "protocol/event_burst.hpp"
#include "protocol/ports/dead_letter_sink.hpp"
#include "protocol/ports/log_inspector.hpp"
#include "protocol/ports/partition_reader.hpp"
#include "protocol/ports/range_store.hpp"
#include "protocol/shown_candle.hpp"

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
enum class log_question : std::uint8_t {
  claim, // is it the log that was applied
  check, // is it still the log that is read
  end,   // does a record lie between what was read and where the log ended at the claim
};
struct log_inspected {
  generation gen;
  log_question question;
  std::optional<applied_record> expected; // what a check compares with
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
// Whether the row still is as this claim has left it. Of a partition that stopped: claim when its
// generation has changed.
struct watch_row {
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
  std::vector<stream_key> streams;
  partition_actor reply_to;
};
struct streams_loaded {
  generation gen;
  std::vector<stream_key> asked;
  std::vector<stored_stream> found;
};
struct range_complete {
  std::shared_ptr<ingest_range> range;
  partition_actor reply_to;
};
struct range_failed {
  generation gen;
  stream_key failed; // of an empty symbol: a dead letter's token
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
  topic_partition source{};       // whose claim it is
  candle_claim candles{};
  bool looked_up = false; // since that claim, by an event of the partition: memory may have more
};
// Closed candles that its symbol needs and that may be in the database alone. Where the claim is
// over the answer says so: nothing was asked.
struct load_candles {
  topic_partition source;
  generation gen;
  stream_key stream;
  std::vector<candle_key> which;
  symbol_actor reply_to;
};
struct candles_loaded {
  topic_partition source;
  generation gen; // of that partition: another one's may have the same number
  std::vector<candle_key> asked;
  std::vector<stored_candle> found;
};
// Numbered candles, from the actor of their source to that of their stream.
struct candle_work {
  range_ticket ticket;                // of their source's slot; whoever is last acknowledges
  ingest_range::slot* slot = nullptr; // one of made_candles::runs; only read
  std::shared_ptr<tradepulse::passage> passage = {};
};
// The partition has been silent while the wall clock went on to `now`.
struct candles_idle {
  time_ms now{};
};
struct passivate_symbol {}; // rest, if nothing is on its way to you
struct epoch_committed {
  tradepulse::epoch epoch;
};

// --- directory -> partition ------------------------------------------------------------------
// Its actor died, maybe with nothing of a range in hand, and only a claim can make another one.
struct stream_failed {
  stream_key stream;
};

// --- symbol -> fan-out -----------------------------------------------------------------------
// Beside bursts: the newest state of an open candle, of the stream candle_<its interval>. Not an
// event: whoever cannot take it now gets a later one, or the numbered close.
struct candle_shown {
  stream_index index;
  candle_view_ptr view;
};

// --- fan-out -> directory, symbol --------------------------------------------------------------
// A subscription that comes back asks what memory has behind its position.
struct recall_events {
  std::size_t io_thread = 0;
  connection_id connection;
  std::uint64_t group = 0; // the request of the subscription
  std::uint64_t ask = 0;   // its how-manieth question
  stream_position after;
  std::size_t limit = 0; // events; 0: only where the stream stands
  std::uint64_t settled_before = 0; // how often a partition was settled before it went to the actor
};

// --- directory, symbol -> fan-out ------------------------------------------------------------
// One subscription that is being made: `group` is the request it belongs to.
struct stream_joined {
  connection_id connection;
  std::uint64_t group = 0;
  stream_index index;
  head_ptr snapshot; // null: unknown
  bool away = false; // its partition is not held now
  // Of a stream of candles: the newest state of its open candle. Null: none. As of `snapshot`: no
  // numbered event up to there has closed it.
  candle_view_ptr view = {};
};
// The answer to recall_events. Every burst that comes behind it is above `newest`.
struct stream_recalled {
  connection_id connection;
  std::uint64_t group = 0;
  std::uint64_t ask = 0;
  stream_index index;
  recalled_events what;
  candle_view_ptr view = {}; // as in stream_joined, as of what.newest
};
// A partition has read again all that its log had at its claim, or a move that it did then is
// committed: who waits for that asks again.
struct partition_settled {
  topic_partition source;
};
// The database was ahead of this process: what is between is not to be had live.
struct stream_moved {
  stream_index index;
  head_ptr snapshot;
};
struct stream_away {
  stream_index index;
  stream_key stream;
};
struct stream_back { // its partition is held again and nothing was missed: subscriptions go on
  stream_index index;
};
// Questions may have died with the symbol's actor; or a claim has come, and what is awaited may be
// stored, or never come again. Who waits for it asks again.
struct recall_again {
  stream_index index;
};

// --- connection -> fan-out -------------------------------------------------------------------
struct group_member {
  stream_index index;
  stream_key stream;
  std::optional<since_point> since = {}; // goes on behind it
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

// One piece of a lossless stream, as it goes to the socket: the rest of a burst, whose bytes are
// shared with all who got it, or `gap` messages.
struct kept_frames {
  frame_slice frames;
  stream_position through; // the subscription's position after it
  std::uint32_t events = 0;
  std::uint32_t gaps = 0;
};
// What a slow reader's subscription gets when it can be written to again.
struct handed_item {
  stream_index index;
  std::uint64_t group = 0; // the request of the subscription it was diverted from
  std::string preface;     // frames of `gap` messages and join snapshots that come before, in order
  merged_event update;     // of a stream that is merged
  std::vector<kept_frames> kept; // of a lossless one, in place of both; never empty then
  stream_position through;       // the subscription's position after all of it
  std::uint32_t gaps = 0;        // `gap` messages in the preface
  stream_position reached; // of one that was refused: where the subscription stands without it
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
  std::uint64_t group = 0;  // the request of the subscription
};
struct move_diverted {
  stream_moved moved;
  stream_position before;
  std::uint64_t group = 0;
};
struct handed_back {
  std::vector<handed_item> refused; // they come before what came since; all others were taken
};
struct control_refused {         // not at once: answers wait, in the order of the requests
  std::size_t waiting_bytes = 0; // behind the oldest of them
};
struct recovery_failed { // the history did not answer
  stream_key stream;
  since_point reached; // to come back with
  error why;
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
