#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "actors/actor_self.hpp"
#include "actors/ingest/log_end.hpp"
#include "actors/ingest/log_watch.hpp"
#include "actors/ingest/partition_actor.hpp"
#include "actors/ingest/range_builder.hpp"
#include "actors/ingest/range_dispatcher.hpp"
#include "actors/ingest/stopped_symbols.hpp"
#include "actors/messages.hpp"
#include "actors/supervision/backoff.hpp"

namespace tradepulse {

using partition_self = actor_self<partition_actor, retry_due>;

// What a partition actor knows and does; the actor itself is a shell around it. The states and what
// leads from one to the next:
//   claiming -> loading -> verifying -> (repositioning) -> reading
//   reading -> waiting -> claiming     fenced, a failed symbol, a fault of the log
//   reading -> claiming                the connection to the database is lost: records go on
//   verifying -> stopped -> claiming   a replaced log, until an operator moves it
class partition {
 public:
  void begin(std::shared_ptr<partition_options> options, partition_self self);

  // --- the claim, and the log it is of (partition_claim.cpp) ---
  void claimed(const partition_claimed& answer);
  void loaded(const streams_loaded& answer);
  void inspected(const log_inspected& answer);
  void lost(const claim_lost& what);
  void row_changed_to(const row_changed& what);
  void retry(const retry_due& due);

  // --- records (partition_records.cpp) ---
  void arrived(const batch_arrived& what);
  void failed(const range_failed& what);
  void died(const stream_failed& what);
  void committed(const range_committed& what);
  void letter_failed(const letter_refused& what);
  void faulted(const fault_reported& what);

  // --- time and supervision (partition.cpp) ---
  void second();
  void broker_returned();
  void give_up();
  // The process ends, and a commit is still waited for.
  void cut_off();

 private:
  enum class state : std::uint8_t {
    claiming,      // the writer was asked
    loading,       // what memory has and the claim has not
    verifying,     // the log is being looked at
    repositioning, // the writer was asked to move it
    reading,
    waiting, // for the backoff before a claim
    stopped, // a replaced log; the claim was given up
    ended,
  };

  const ingest_parts& parts() const { return options_->parts; }
  partition_actor me() const { return self_.address(); }
  std::string name() const { return options_->source.to_string(); }
  std::string health_key() const { return "partition " + name(); }

  void degraded(const std::string& why);
  void enter(state next, std::string_view text);
  void stop_reading();

  void claim();
  // Somebody else's claim came first, or what memory has is not to be trusted: nothing is read on
  // under this claim.
  void claim_later(std::string_view why);
  void restore(const stored_stream& stream, bool looked_up = false);

  // --- candles (partition_candles.cpp) ---
  std::vector<stream_key> candles_unknown(const stored_stream& of) const;
  // Without the rows of candle streams, which stand with their source.
  std::vector<stored_stream> with_candles(std::vector<stored_stream> found) const;
  void show_what_is_over(clock::time_point now);

  void ask_for_unknown();
  void verify();
  // A claim asks for the record that was applied last; a check of the living process for the one
  // that was remembered at the check before.
  void inspect(log_question question);
  void ask(log_question question, std::optional<record_offset> offset,
           const std::optional<applied_record>& expected = {});
  void compare(const log_inspected& answer);
  std::optional<applied_record> recognisable(const log_state& log, next_offset next) const;
  void move_to(next_offset next, bool new_epoch);
  void replaced(const log_verdict& verdict);
  // Everything that was in the log at the claim has been dispatched.
  void settle_if_read();
  // Once a second: where nothing comes any more, the inspector is asked.
  void look_for_the_end();
  // `before`: what the log was seen to have right before that.
  void read_from(next_offset next, const std::optional<applied_record>& before = {});
  void stop_where_too_often(const stream_key& each);
  void show_depth() { options_->card->queue_depth = dispatcher_->in_flight(); }
  // What is not committed is read again by the next owner, from next_offset on.
  void tell_what_is_left() const;
  void end();

  std::shared_ptr<partition_options> options_;
  partition_self self_;
  std::optional<range_builder> builder_;
  std::optional<range_dispatcher> dispatcher_;
  std::optional<stopped_symbols> failing_;
  std::optional<engine_metrics::topic_counters> by_topic_;
  std::optional<backoff> retry_;
  state state_ = state::claiming;
  bool reading_ = false; // records of gen_ are welcome, also while a new claim is under way
  bool unread_ = false;  // records could not be read, and none was read since
  bool heard_ = false;   // a batch, in this second
  bool leaving_ = false;
  bool repositioned_ = false;    // the claim's answer is that of move_partition
  std::vector<stream_key> died_; // while a claim was under way: maybe after it had restored them

  generation gen_{-1};
  log_watch watch_;
  next_offset expected_;  // where the next range begins
  log_end end_at_claim_;
  next_offset committed_; // as far as the database has told
  clock::time_point last_batch_{};
  time_ms shown_until_ = time_ms::min(); // candles that are over by the clock, while it is silent
  clock::time_point last_check_{};
};

} // namespace tradepulse
