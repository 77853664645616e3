#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "actors/messages.hpp"
#include "actors/persistence/pending_commit.hpp"
#include "actors/persistence/writer_actor.hpp"
#include "actors/supervision/backoff.hpp"

namespace tradepulse {

// What a writer actor knows and does; the actor itself is a shell around it.
// Thread: the actor's own. Calls of the store block it, each no longer than the watchdog allows.
class writer {
 public:
  using self_type = writer_actor::pointer;

  void begin(std::shared_ptr<writer_options> options, self_type self);

  // --- claims: one after the other, again and again while the database is away ---
  using claim_work = std::variant<claim_partition, move_partition, load_streams>;

  void enqueue(claim_work work);
  void work_on_claims();
  void release(const release_partition& wanted);
  void watch(const watch_row& wanted);

  // --- commits ---
  void complete(const range_complete& done);
  void flush(const topic_partition& source);
  void letter_done(const refusal_letter_done& done);

 private:
  struct owned {
    std::unique_ptr<pending_commit> pending;
    partition_actor actor;
    bool flush_asked = false; // flush_due is in the mailbox
    bool flush_armed = false; // flush_due will come after flush_interval
    bool retrying = false;    // flush_due will come after a backoff
    unsigned refusals = 0;    // of the same work, for its data
    std::size_t letters_open = 0;
    std::vector<std::shared_ptr<const dead_letter>> letters_refused; // of those; wait for flush_due
  };

  static const topic_partition& source_of(const claim_partition& work) { return work.source; }
  static const topic_partition& source_of(const move_partition& work) { return work.move.source; }
  static const topic_partition& source_of(const load_streams& work) { return work.source; }

  // One partition's trouble is not over because another one was stored.
  static std::string health_key(const topic_partition& source) {
    return "postgres " + source.to_string();
  }

  // --- attempts: true when done with, false when it has to be tried again later ---
  bool attempt(const claim_partition& wanted);
  bool attempt(const move_partition& wanted);
  bool attempt(const load_streams& wanted);
  void fence(const topic_partition& source, generation gen, const partition_actor& to,
             const std::string& detail);
  void grant(claimed_partition granted, const partition_actor& to);

  // --- what a commit came to ---
  void settle(const topic_partition& source, owned& mine, const committed& done);
  void settle(const topic_partition& source, owned& mine, const fenced&);
  void settle(const topic_partition& source, owned& mine, const try_again& what);
  void settle(const topic_partition& source, owned&, const outcome_unknown& what);
  void settle(const topic_partition& source, owned& mine, const rows_refused& what);
  void send_flush(const topic_partition& source);
  void produce(const topic_partition& source, generation gen,
               std::shared_ptr<const dead_letter> letter);

  // --- faults ---
  bool failed(std::string_view call, const topic_partition& source, const error& why);
  // Each partition of this writer claims again: a new connection proves nothing about the old one.
  void connection_lost(const std::string& detail);
  void show();

  std::shared_ptr<writer_options> options_;
  self_type self_ = nullptr;
  std::optional<backoff> retry_;
  std::unordered_map<topic_partition, owned> partitions_; // under a claim
  std::deque<claim_work> claims_;
  bool claims_wait_ = false; // for claims_due
};

} // namespace tradepulse
