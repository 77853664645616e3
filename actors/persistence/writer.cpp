#include "actors/persistence/writer.hpp"

#include "actors/tell.hpp"
#include "protocol/log.hpp"

// Claims, and what becomes of them when the database is away or another one has come.
namespace tradepulse {

void writer::begin(std::shared_ptr<writer_options> options, writer_self self) {
  options_ = std::move(options);
  self_ = std::move(self);
  claims_.emplace(options_->retry_first, options_->retry_most, *options_->time);
  if (!options_->faults)
    options_->faults = std::make_shared<database_faults>();
  options_->card->set_state("idle");
}

writer::~writer() {
  if (!options_)
    return;
  for (const auto& [source, mine] : partitions_)
    options_->directory->unsettle(source, mine.pending->gen()); // before its ranges are gone
  options_->faults->forget(this);
}

void writer::enqueue(claim_queue::work work) {
  claims_->add(std::move(work));
  work_on_claims();
}

void writer::work_on_claims() {
  const auto now = options_->time->now();
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
    const auto pause = claims_->put_back(std::move(*taken), away, options_->time->now());
    self_.later(pause, claims_due{});
  }
}

void writer::release(const release_partition& wanted) {
  // A claim that still waits for the database would fence the next owner.
  claims_->forget(wanted.source);
  generation gen = wanted.gen;
  if (auto found = partitions_.find(wanted.source); found != partitions_.end()) {
    gen = found->second.pending->gen(); // granted meanwhile
    options_->directory->unsettle(wanted.source, gen);
    partitions_.erase(found);
  }
  if (auto done = options_->store->release(wanted.source, gen); !done)
    failed("release", wanted.source, done.failure()); // the next claim takes it over all the same
  else
    options_->faults->answered(this, wanted.source);
  options_->health->clear(health_key(wanted.source));
}

void writer::watch(const watch_row& wanted) {
  const auto held = partitions_.find(wanted.source);
  const bool ours = held != partitions_.end() && held->second.pending->gen() == wanted.gen;
  if (ours && !held->second.pending->empty())
    return; // its commit compares the same
  auto row = options_->store->look_at(wanted.source);
  if (!row) {
    failed("look_at", wanted.source, row.failure());
    return;
  }
  answered(wanted.source);
  if (ours) {
    const auto& stored = *row;
    if (!stored || stored->gen != wanted.gen ||
        stored->next.value_or(next_offset{0}) != held->second.pending->next())
      fence(wanted.source, wanted.gen, wanted.reply_to,
            "its row is another one: another claim, or a server that lacks commits, has come");
  } else if (*row && (*row)->gen != wanted.gen) {
    tell(wanted.reply_to, row_changed{wanted.gen});
  }
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
  auto found = options_->store->load(wanted.streams);
  if (!found)
    return failed("load", wanted.source, found.failure());
  // A process that had stood still for longer than its session found rows of the next owner here,
  // and numbered its own older offsets behind them for its clients to see.
  const auto ours = is_ours(wanted.source, wanted.gen);
  if (!ours)
    return failed("load", wanted.source, ours.failure());
  if (!*ours) {
    fence(wanted.source, wanted.gen, wanted.reply_to,
          "fenced: another claim came before its streams were loaded");
    return std::nullopt;
  }
  tell(wanted.reply_to, streams_loaded{wanted.gen, wanted.streams, std::move(*found)});
  return std::nullopt;
}

std::optional<errc> writer::attempt(const load_candles& wanted) {
  const auto held = partitions_.find(wanted.source);
  if (held == partitions_.end() || held->second.pending->gen() != wanted.gen) {
    tell(wanted.reply_to, candles_loaded{wanted.source, wanted.gen, {}, {}});
    return std::nullopt;
  }
  const auto owner = held->second.actor;
  auto found = options_->store->load_candles(wanted.stream, wanted.which);
  if (!found)
    return failed("load_candles", wanted.source, found.failure());
  // As above: a candle of the next owner has events that are still to come here.
  const auto ours = is_ours(wanted.source, wanted.gen);
  if (!ours)
    return failed("load_candles", wanted.source, ours.failure());
  if (!*ours) {
    fence(wanted.source, wanted.gen, owner,
          "fenced: another claim came before its candles were loaded");
    // Behind: it knows why a range fails.
    tell(wanted.reply_to, candles_loaded{wanted.source, wanted.gen, {}, {}});
    return std::nullopt;
  }
  tell(wanted.reply_to, candles_loaded{wanted.source, wanted.gen, wanted.which, std::move(*found)});
  return std::nullopt;
}

// Looked at behind what was read: where the generation still is ours, nobody has written between
// the claim and this.
result<bool> writer::is_ours(const topic_partition& source, generation gen) {
  auto row = options_->store->look_at(source);
  if (!row)
    return row.failure();
  return *row && (*row)->gen == gen;
}

void writer::fence(const topic_partition& source, generation gen, const partition_actor& to,
                   const std::string& detail) {
  // A work that had waited for the database may be of a claim before the one that is held now.
  options_->directory->unsettle(source, gen);
  if (auto held = partitions_.find(source);
      held != partitions_.end() && held->second.pending->gen() == gen)
    partitions_.erase(held);
  tell(to, claim_lost{gen, claim_loss::fenced, detail});
}

void writer::grant(claimed_partition granted, const partition_actor& to) {
  auto shared = std::make_shared<const claimed_partition>(std::move(granted));
  owned mine(*options_);
  mine.pending = std::make_unique<pending_commit>(shared->source, shared->gen,
                                                  shared->next.value_or(next_offset{0}),
                                                  shared->journal_time.value_or(time_ms{}));
  mine.actor = to;
  // Its partition actor died and another one has claimed: what is not committed goes now.
  if (auto held = partitions_.find(shared->source);
      held != partitions_.end() && held->second.pending->gen() != shared->gen)
    options_->directory->unsettle(shared->source, held->second.pending->gen());
  partitions_.insert_or_assign(shared->source, std::move(mine));
  tell(to, partition_claimed{std::move(shared)});
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
  // A commit that failed stands until it is done, whatever else is read meanwhile.
  if (const auto held = partitions_.find(source);
      held != partitions_.end() && held->second.retry_at)
    return;
  options_->health->clear(health_key(source));
  options_->faults->answered(this, source);
}

void writer::connection_lost(const std::string& detail) {
  auto lost = std::move(partitions_);
  partitions_.clear();
  for (const auto& [source, mine] : lost)
    options_->directory->unsettle(source, mine.pending->gen()); // before their ranges are gone
  for (auto& [source, mine] : lost)
    tell(mine.actor, claim_lost{mine.pending->gen(), claim_loss::connection_lost, detail});
}

void writer::show() {
  std::size_t waiting = 0;
  for (const auto& [source, mine] : partitions_)
    waiting += mine.pending->ranges();
  options_->card->queue_depth = waiting;
  options_->card->set_state(std::to_string(partitions_.size()) + " partitions");
}

} // namespace tradepulse
