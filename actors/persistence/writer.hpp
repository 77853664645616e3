#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "actors/actor_self.hpp"
#include "actors/messages.hpp"
#include "actors/persistence/claim_queue.hpp"
#include "actors/persistence/pending_commit.hpp"
#include "actors/persistence/writer_actor.hpp"
#include "actors/supervision/backoff.hpp"

namespace tradepulse {

using writer_self = actor_self<writer_actor, flush_due, claims_due>;

// What a writer actor knows and does; the actor itself is a shell around it.
// Thread: the actor's own. Calls of the store block it, each no longer than the watchdog allows.
class writer {
 public:
  writer() = default;
  ~writer();
  writer(const writer&) = delete;
  writer& operator=(const writer&) = delete;
  void begin(std::shared_ptr<writer_options> options, writer_self self);

  // --- claims: one after the other, again and again while the database is away ---
  void enqueue(claim_queue::work work);
  void work_on_claims();
  void release(const release_partition& wanted);
  void watch(const watch_row& wanted);

  // --- commits ---
  void complete(const range_complete& done);
  void flush(const flush_due& due);
  void letter_done(const refusal_letter_done& done);

 private:
  struct owned {
    explicit owned(const writer_options& options)
        : pauses(options.retry_first, options.retry_most, options.time->seed()) {}

    std::unique_ptr<pending_commit> pending;
    partition_actor actor;
    bool flush_asked = false; // flush_due is in the mailbox
    // One will come when an interval ends. It is not taken back where a full transaction goes
    // before: what is complete by then goes with it, and no second one is on its way.
    bool flush_armed = false;
    backoff pauses; // of this partition: another's faults do not lengthen them
    // Set: flush_due will come then; one that comes before was armed for something else.
    std::optional<clock::time_point> retry_at;
    unsigned refusals = 0; // of the same work, for its data
    std::size_t letters_open = 0;
    std::vector<std::shared_ptr<const dead_letter>> letters_refused; // of those; wait for flush_due
  };

  // One partition's trouble is not over because another one was stored.
  static std::string health_key(const topic_partition& source) {
    return "postgres " + source.to_string();
  }

  // --- attempts: nothing when done with; otherwise it has to be tried again later ---
  std::optional<errc> attempt(const claim_partition& wanted);
  std::optional<errc> attempt(const move_partition& wanted);
  std::optional<errc> attempt(const load_streams& wanted);
  std::optional<errc> attempt(const load_candles& wanted);
  result<bool> is_ours(const topic_partition& source, generation gen);
  void fence(const topic_partition& source, generation gen, const partition_actor& to,
             const std::string& detail);
  void grant(claimed_partition granted, const partition_actor& to);

  // --- what a commit came to ---
  void settle(const topic_partition& source, owned& mine, const committed& done);
  void settle(const topic_partition& source, owned& mine, const fenced&);
  void show_klines(const kline_admission& klines);
  void settle(const topic_partition& source, owned& mine, const try_again& what);
  void settle(const topic_partition& source, owned&, const outcome_unknown& what);
  void settle(const topic_partition& source, owned& mine, const rows_refused& what);
  void flush_soon(const topic_partition& source, owned& mine); // at once where much waits
  void arm_flush(const topic_partition& source, owned& mine);
  void flush_later(const topic_partition& source, owned& mine);
  void produce(const topic_partition& source, generation gen,
               std::shared_ptr<const dead_letter> letter);

  // --- faults ---
  errc failed(std::string_view call, const topic_partition& source, const error& why);
  // The other end of failed(), for what an operator sees of it.
  void answered(const topic_partition& source);
  // Each partition of this writer claims again: a new connection proves nothing about the old one.
  void connection_lost(const std::string& detail);
  void show();

  std::shared_ptr<writer_options> options_;
  writer_self self_;
  std::unordered_map<topic_partition, owned> partitions_; // under a claim
  std::optional<claim_queue> claims_;
  bool klines_wait_ = false; // it was said
};

} // namespace tradepulse
