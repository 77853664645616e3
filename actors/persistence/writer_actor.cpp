#include "actors/persistence/writer_actor.hpp"

#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "actors/actor_rules.hpp"
#include "actors/message_types.hpp"
#include "actors/persistence/writer.hpp"
#include "protocol/log.hpp"

namespace tradepulse {

void writer::begin(std::shared_ptr<writer_options> options, self_type self) {
  options_ = std::move(options);
  self_ = self;
  claims_.emplace(options_->retry_first, options_->retry_most);
  if (!options_->faults)
    options_->faults = std::make_shared<database_faults>();
  options_->card->set_state("idle");
}

writer::~writer() {
  if (options_)
    options_->faults->forget(this);
}

void writer::enqueue(claim_queue::work work) {
  claims_->add(std::move(work));
  work_on_claims();
}

void writer::work_on_claims() {
  const auto now = clock::now();
  // Taken out first: what fails may ask for new claims.
  while (auto taken = claims_->take(now)) {
    const auto fault = std::visit([this](const auto& each) { return attempt(each); }, taken->what);
    if (!fault) {
      claims_->answered();
      answered(taken->source());
      continue;
    }
    options_->metrics->database_retries.add();
    const bool away = *fault == errc::database_unavailable;
    const auto pause = claims_->put_back(std::move(*taken), away, clock::now());
    self_->delayed_send(self_, pause, claims_due{});
  }
}

void writer::release(const release_partition& wanted) {
  // A claim that still waits for the database would fence the next owner.
  claims_->forget(wanted.source);
  generation gen = wanted.gen;
  if (auto found = partitions_.find(wanted.source); found != partitions_.end()) {
    gen = found->second.pending->gen(); // granted meanwhile
    partitions_.erase(found);
  }
  if (auto done = options_->store->release(wanted.source, gen); !done)
    failed("release", wanted.source, done.failure()); // the next claim takes it over all the same
  else
    options_->faults->answered(this, wanted.source);
  options_->health->clear(health_key(wanted.source));
}

void writer::watch(const watch_row& wanted) {
  auto row = options_->store->look_at(wanted.source);
  if (!row) {
    failed("look_at", wanted.source, row.failure());
    return;
  }
  answered(wanted.source);
  if (*row && (*row)->gen != wanted.gen)
    caf::anon_send(wanted.reply_to, row_changed{wanted.gen});
}

std::optional<errc> writer::attempt(const claim_partition& wanted) {
  auto granted = options_->store->claim(wanted.source, options_->owner);
  if (!granted)
    return failed("claim", wanted.source, granted.failure());
  options_->metrics->claims.add();
  grant(std::move(*granted), wanted.reply_to);
  return std::nullopt;
}

std::optional<errc> writer::attempt(const move_partition& wanted) {
  auto moved = options_->store->reposition(wanted.move);
  if (moved) {
    grant(std::move(*moved), wanted.reply_to);
    return std::nullopt;
  }
  if (moved.failure().code != errc::database_refused)
    return failed("reposition", wanted.move.source, moved.failure());
  fence(wanted.move.source, wanted.move.gen, wanted.reply_to, moved.failure().detail);
  return std::nullopt;
}

std::optional<errc> writer::attempt(const load_streams& wanted) {
  auto found = options_->store->load(wanted.symbols);
  if (!found)
    return failed("load", wanted.source, found.failure());
  // Looked at behind it: where the generation still is ours, nobody has written between the claim
  // and this. A process that had stood still for longer than its session found rows of the next
  // owner here, and numbered its own older offsets behind them for its clients to see.
  auto row = options_->store->look_at(wanted.source);
  if (!row)
    return failed("load", wanted.source, row.failure());
  if (!*row || (*row)->gen != wanted.gen) {
    fence(wanted.source, wanted.gen, wanted.reply_to,
          "fenced: another claim came before its streams were loaded");
    return std::nullopt;
  }
  caf::anon_send(wanted.reply_to, streams_loaded{wanted.gen, wanted.symbols, std::move(*found)});
  return std::nullopt;
}

void writer::fence(const topic_partition& source, generation gen, const partition_actor& to,
                   const std::string& detail) {
  // A work that had waited for the database may be of a claim before the one that is held now.
  if (auto held = partitions_.find(source);
      held != partitions_.end() && held->second.pending->gen() == gen)
    partitions_.erase(held);
  caf::anon_send(to, claim_lost{gen, claim_loss::fenced, detail});
}

void writer::grant(claimed_partition granted, const partition_actor& to) {
  auto shared = std::make_shared<const claimed_partition>(std::move(granted));
  owned mine(*options_);
  mine.pending = std::make_unique<pending_commit>(shared->source, shared->gen,
                                                  shared->next.value_or(next_offset{0}));
  mine.actor = to;
  partitions_.insert_or_assign(shared->source, std::move(mine));
  caf::anon_send(to, partition_claimed{std::move(shared)});
  show();
}

errc writer::failed(std::string_view call, const topic_partition& source, const error& why) {
  options_->metrics->database_errors.add();
  options_->health->set(health_key(source), why.detail);
  options_->card->set_error(why.detail);
  options_->faults->failed(this, call, source, why);
  if (why.code == errc::database_unavailable)
    connection_lost(why.detail);
  return why.code;
}

void writer::answered(const topic_partition& source) {
  options_->health->clear(health_key(source));
  options_->faults->answered(this, source);
}

void writer::connection_lost(const std::string& detail) {
  auto lost = std::move(partitions_);
  partitions_.clear();
  for (auto& [source, mine] : lost)
    caf::anon_send(mine.actor,
                   claim_lost{mine.pending->gen(), claim_loss::connection_lost, detail});
}

void writer::show() {
  std::size_t waiting = 0;
  for (const auto& [source, mine] : partitions_)
    waiting += mine.pending->ranges();
  options_->card->queue_depth = waiting;
  options_->card->set_state(std::to_string(partitions_.size()) + " partitions");
}

namespace {

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
      [&mine](const flush_due& due) { mine.flush(due); },
      [&mine](const claims_due&) { mine.work_on_claims(); },
  };
}

} // namespace

writer_actor spawn_writer_actor(caf::actor_system& system, writer_options options) {
  return system.spawn<caf::detached>(behavior,
                                     std::make_shared<writer_options>(std::move(options)));
}

} // namespace tradepulse
