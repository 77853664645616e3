#include "actors/persistence/writer_actor.hpp"

#include <deque>
#include <unordered_map>
#include <variant>

#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "actors/actor_rules.hpp"
#include "actors/message_types.hpp"
#include "actors/persistence/pending_commit.hpp"
#include "actors/supervision/backoff.hpp"

namespace tradepulse {
namespace {

class writer {
 public:
  using self_type = writer_actor::pointer;

  void begin(std::shared_ptr<writer_options> options, self_type self) {
    options_ = std::move(options);
    self_ = self;
    retry_.emplace(options_->retry_first, options_->retry_most);
    options_->card->set_state("idle");
  }

  // --- claims: one after the other, again and again while the database is away ---

  using claim_work = std::variant<claim_partition, move_partition, load_streams>;

  void enqueue(claim_work work) {
    claims_.push_back(std::move(work));
    if (!claims_wait_)
      work_on_claims();
  }

  void work_on_claims() {
    claims_wait_ = false;
    while (!claims_.empty()) {
      // Taken out first: what fails may ask for new claims.
      claim_work work = std::move(claims_.front());
      claims_.pop_front();
      if (std::visit([this](const auto& each) { return attempt(each); }, work)) {
        retry_->reset();
        options_->health->clear("postgres");
        continue;
      }
      claims_.push_back(std::move(work)); // behind the others: one locked row holds up only itself
      claims_wait_ = true;
      options_->metrics->database_retries.add();
      self_->delayed_send(self_, retry_->next(), claims_due{});
      return;
    }
  }

  void release(const release_partition& wanted) {
    // A claim that still waits for the database would fence the next owner.
    std::erase_if(claims_, [&](const claim_work& each) {
      return std::visit([&](const auto& work) { return source_of(work) == wanted.source; }, each);
    });
    generation gen = wanted.gen;
    if (auto found = partitions_.find(wanted.source); found != partitions_.end()) {
      gen = found->second.pending->gen(); // granted meanwhile
      partitions_.erase(found);
    }
    if (auto done = options_->store->release(wanted.source, gen); !done)
      failed("release", wanted.source, done.failure()); // the next claim takes it over all the same
  }

  void watch(const watch_row& wanted) {
    auto row = options_->store->look_at(wanted.source);
    if (!row) {
      failed("look_at", wanted.source, row.failure());
      return;
    }
    options_->health->clear("postgres");
    if (*row && (*row)->gen != wanted.gen)
      caf::anon_send(wanted.reply_to, row_changed{wanted.gen});
  }

  // --- commits ---

  void complete(const range_complete& done) {
    auto found = partitions_.find(done.range->batch->source);
    if (found == partitions_.end()) {
      // Under no claim here, so it will never be committed: its partition must not wait for it.
      caf::anon_send(done.reply_to,
                     claim_lost{done.range->gen, claim_loss::connection_lost, "the claim is gone"});
      return;
    }
    if (found->second.pending->gen() != done.range->gen)
      return; // of an older claim: it will be read again
    auto& mine = found->second;
    mine.pending->add(done.range);
    if (mine.pending->empty() || mine.letters_open > 0 || mine.retrying)
      return;
    const auto half = options_->credit->half_share();
    const bool full = mine.pending->rows() >= options_->batch_rows ||
                      mine.pending->events() >= half.events || mine.pending->bytes() >= half.bytes;
    // To itself, not at once: complete ranges in the mailbox join the same transaction.
    if (full && !std::exchange(mine.flush_asked, true))
      caf::anon_send(writer_actor{self_}, flush_due{found->first});
    else if (!full && !mine.flush_asked && !std::exchange(mine.flush_armed, true))
      self_->delayed_send(self_, options_->flush_interval, flush_due{found->first});
  }

  void flush(const topic_partition& source) {
    auto found = partitions_.find(source);
    if (found == partitions_.end())
      return;
    auto& mine = found->second;
    mine.flush_asked = mine.flush_armed = mine.retrying = false;
    if (mine.pending->empty() || mine.letters_open > 0)
      return;
    const auto outcome = options_->store->commit(mine.pending->work());
    std::visit([&](const auto& what) { settle(source, mine, what); }, outcome);
    show();
  }

  void letter_done(const refusal_letter_done& done) {
    auto found = partitions_.find(done.source);
    if (found == partitions_.end() || found->second.pending->gen() != done.gen)
      return;
    if (!done.confirmed) {
      options_->metrics->dead_letter_retries.add();
      options_->health->set("dead letters of " + done.source.topic,
                            "the dead-letter topic cannot be written");
      produce(done.source, done.gen, done.letter);
      return;
    }
    options_->metrics->dead_letters.add();
    options_->health->clear("dead letters of " + done.source.topic);
    if (--found->second.letters_open == 0)
      caf::anon_send(writer_actor{self_}, flush_due{done.source});
  }

 private:
  struct owned {
    std::unique_ptr<pending_commit> pending;
    partition_actor actor;
    bool flush_asked = false; // flush_due is in the mailbox
    bool flush_armed = false; // flush_due will come after flush_interval
    bool retrying = false;    // flush_due will come after a backoff
    unsigned refusals = 0;    // of the same work, for its data
    std::size_t letters_open = 0;
  };

  static const topic_partition& source_of(const claim_partition& work) { return work.source; }
  static const topic_partition& source_of(const move_partition& work) { return work.move.source; }
  static const topic_partition& source_of(const load_streams& work) { return work.source; }

  // --- attempts: true when done with, false when it has to be tried again later ---

  bool attempt(const claim_partition& wanted) {
    auto granted = options_->store->claim(wanted.source, options_->owner);
    if (!granted)
      return failed("claim", wanted.source, granted.failure());
    options_->metrics->claims.add();
    grant(std::move(*granted), wanted.reply_to);
    return true;
  }

  bool attempt(const move_partition& wanted) {
    auto moved = options_->store->reposition(wanted.move);
    if (moved) {
      grant(std::move(*moved), wanted.reply_to);
      return true;
    }
    if (moved.failure().code != errc::database_refused)
      return failed("reposition", wanted.move.source, moved.failure());
    partitions_.erase(wanted.move.source);
    caf::anon_send(wanted.reply_to,
                   claim_lost{wanted.move.gen, claim_loss::fenced, moved.failure().detail});
    return true;
  }

  bool attempt(const load_streams& wanted) {
    auto found = options_->store->load(wanted.symbols);
    if (!found)
      return failed("load", wanted.source, found.failure());
    caf::anon_send(wanted.reply_to, streams_loaded{wanted.gen, wanted.symbols, std::move(*found)});
    return true;
  }

  void grant(claimed_partition granted, const partition_actor& to) {
    auto shared = std::make_shared<const claimed_partition>(std::move(granted));
    owned mine;
    mine.pending = std::make_unique<pending_commit>(shared->source, shared->gen,
                                                    shared->next.value_or(next_offset{0}));
    mine.actor = to;
    partitions_.insert_or_assign(shared->source, std::move(mine));
    caf::anon_send(to, partition_claimed{std::move(shared)});
    show();
  }

  // --- what a commit came to ---

  void settle(const topic_partition& source, owned& mine, const committed& done) {
    auto& counted = *options_->metrics;
    auto what = mine.pending->committed();
    counted.commits.add();
    counted.committed_rows.add(done.rows);
    counted.committed_events.add(what.events);
    for (std::size_t i = 0; i < what.oldest_appends.size(); ++i)
      counted.append_to_commit.observe(seconds_since(what.oldest_appends[i]), what.range_events[i]);
    mine.refusals = 0;
    retry_->reset();
    options_->health->clear("postgres");
    for (const auto& [name, begun] : what.begun_epochs)
      if (auto actor = options_->directory->find_actor(name))
        caf::anon_send(actor, epoch_committed{begun});
    caf::anon_send(mine.actor, range_committed{mine.pending->gen(), what.next, what.last_applied,
                                               what.events, source});
    if (!mine.pending->empty() && !std::exchange(mine.flush_armed, true)) // held back by a refusal
      self_->delayed_send(self_, options_->flush_interval, flush_due{source});
  }

  void settle(const topic_partition& source, owned& mine, const fenced&) {
    options_->metrics->refused_commits.add();
    log::warning("commit_refused", {{"partition", source.to_string()},
                                    {"generation", mine.pending->gen().value()},
                                    {"action", "claim_again"}});
    caf::anon_send(mine.actor, claim_lost{mine.pending->gen(), claim_loss::fenced,
                                          "another claim or another next_offset is stored"});
    partitions_.erase(source);
  }

  void settle(const topic_partition& source, owned& mine, const try_again& what) {
    options_->metrics->database_errors.add();
    options_->metrics->database_retries.add();
    options_->health->set("postgres", what.why.detail);
    options_->card->set_error(what.why.detail);
    log::warning("commit_retry", {{"partition", source.to_string()}, {"error", what.why.detail}});
    mine.retrying = true;
    self_->delayed_send(self_, retry_->next(), flush_due{source});
  }

  void settle(const topic_partition& source, owned&, const outcome_unknown& what) {
    failed("commit", source, what.why);
    connection_lost(what.why.detail);
  }

  void settle(const topic_partition& source, owned& mine, const rows_refused& what) {
    options_->metrics->database_errors.add();
    if (++mine.refusals <= options_->max_retries) {
      mine.retrying = true;
      self_->delayed_send(self_, retry_->next(), flush_due{source});
      return;
    }
    mine.refusals = 0;
    options_->metrics->refused_rows.add(what.rows.size());
    for (const auto& row : what.rows)
      log::error("row_refused", {{"symbol", row.symbol.view()},
                                 {"sqlstate", row.sqlstate},
                                 {"error", row.message},
                                 {"action", "dead_letter"}});
    for (auto& letter : mine.pending->refuse(what.rows)) {
      ++mine.letters_open;
      produce(source, mine.pending->gen(), std::make_shared<const dead_letter>(std::move(letter)));
    }
    if (mine.letters_open == 0) // only positions were refused again
      send_flush(source);
  }

  void send_flush(const topic_partition& source) {
    partitions_.at(source).retrying = true;
    self_->delayed_send(self_, retry_->next(), flush_due{source});
  }

  void produce(const topic_partition& source, generation gen,
               std::shared_ptr<const dead_letter> letter) {
    dead_letter copy = *letter;
    options_->dead_letters->produce(
        std::move(copy), [to = writer_actor{self_}, source, gen, letter](const result<void>& done) {
          caf::anon_send(to, refusal_letter_done{source, gen, letter,
                                                 done || done.failure().code == errc::too_large});
        });
  }

  // --- faults ---

  bool failed(std::string_view call, const topic_partition& source, const error& why) {
    options_->metrics->database_errors.add();
    options_->health->set("postgres", why.detail);
    options_->card->set_error(why.detail);
    log::warning("database_error", {{"call", call},
                                    {"partition", source.to_string()},
                                    {"error", why.detail},
                                    {"action", "retry"}});
    if (why.code == errc::database_unavailable)
      connection_lost(why.detail);
    return false;
  }

  // Each partition of this writer claims again: a new connection proves nothing about the old one.
  void connection_lost(const std::string& detail) {
    auto lost = std::move(partitions_);
    partitions_.clear();
    for (auto& [source, mine] : lost)
      caf::anon_send(mine.actor,
                     claim_lost{mine.pending->gen(), claim_loss::connection_lost, detail});
  }

  void show() {
    std::size_t waiting = 0;
    for (const auto& [source, mine] : partitions_)
      waiting += mine.pending->ranges();
    options_->card->queue_depth = waiting;
    options_->card->set_state(std::to_string(partitions_.size()) + " partitions");
  }

  std::shared_ptr<writer_options> options_;
  self_type self_ = nullptr;
  std::optional<backoff> retry_;
  std::unordered_map<topic_partition, owned> partitions_; // under a claim
  std::deque<claim_work> claims_;
  bool claims_wait_ = false; // for claims_due
};

struct shell {
  static constexpr const char* name = "writer";
  writer mine;
};

writer_actor::behavior_type behavior(writer_actor::stateful_pointer<shell> self,
                                     std::shared_ptr<writer_options> options) {
  obey_house_rules(self);
  self->state.mine.begin(std::move(options), self);
  auto& mine = self->state.mine;
  return {
      [&mine](const range_complete& done) { mine.complete(done); },
      [&mine](const claim_partition& wanted) { mine.enqueue(wanted); },
      [&mine](const move_partition& wanted) { mine.enqueue(wanted); },
      [&mine](const load_streams& wanted) { mine.enqueue(wanted); },
      [&mine](const release_partition& wanted) { mine.release(wanted); },
      [&mine](const watch_row& wanted) { mine.watch(wanted); },
      [&mine](const refusal_letter_done& done) { mine.letter_done(done); },
      [&mine](const flush_due& due) { mine.flush(due.source); },
      [&mine](const claims_due&) { mine.work_on_claims(); },
  };
}

} // namespace

writer_actor spawn_writer_actor(caf::actor_system& system, writer_options options) {
  return system.spawn<caf::detached>(behavior,
                                     std::make_shared<writer_options>(std::move(options)));
}

} // namespace tradepulse
