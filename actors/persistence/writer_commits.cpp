#include "actors/latency.hpp"
#include "actors/persistence/writer.hpp"
#include "actors/tell.hpp"
#include "protocol/log.hpp"

// Complete ranges become transactions, and what a transaction came to goes to those who wait for
// it.
namespace tradepulse {

void writer::complete(const range_complete& done) {
  auto found = partitions_.find(done.range->batch->source);
  if (found == partitions_.end()) {
    // Under no claim here, so it will never be committed: its partition must not wait for it.
    options_->directory->unsettle(done.range->batch->source, done.range->gen);
    tell(done.reply_to,
         claim_lost{done.range->gen, claim_loss::connection_lost, "the claim is gone"});
    return;
  }
  if (found->second.pending->gen() != done.range->gen)
    return; // of an older claim: it will be read again
  auto& mine = found->second;
  mine.pending->add(done.range);
  if (mine.pending->empty() || mine.letters_open > 0 || mine.retry_at)
    return;
  flush_soon(found->first, mine);
}

void writer::flush_soon(const topic_partition& source, owned& mine) {
  const auto half = options_->credit->half_share();
  const bool full = mine.pending->full() || mine.pending->rows() >= options_->batch_rows ||
                    mine.pending->events() >= half.events || mine.pending->bytes() >= half.bytes;
  // To itself, not at once: complete ranges in the mailbox join the same transaction.
  if (full && !std::exchange(mine.flush_asked, true))
    tell(self_.address(), flush_due{source});
  else if (!full && !mine.flush_asked)
    arm_flush(source, mine);
}

void writer::arm_flush(const topic_partition& source, owned& mine) {
  if (!std::exchange(mine.flush_armed, true))
    self_.later(options_->flush_interval, flush_due{source, true});
}

void writer::flush(const flush_due& due) {
  const auto& source = due.source;
  auto found = partitions_.find(source);
  if (found == partitions_.end())
    return;
  auto& mine = found->second;
  (due.armed ? mine.flush_armed : mine.flush_asked) = false;
  if (mine.retry_at && options_->time->now() < *mine.retry_at)
    return;
  mine.retry_at.reset();
  for (auto& letter : std::exchange(mine.letters_refused, {}))
    produce(source, mine.pending->gen(), std::move(letter));
  if (mine.pending->empty() || mine.letters_open > 0)
    return;
  const auto outcome = options_->store->commit(mine.pending->work(options_->time->wall()));
  std::visit([&](const auto& what) { settle(source, mine, what); }, outcome);
  show();
}

void writer::letter_done(const refusal_letter_done& done) {
  auto found = partitions_.find(done.source);
  if (found == partitions_.end() || found->second.pending->gen() != done.gen)
    return;
  auto& mine = found->second;
  if (done.confirmed) {
    options_->metrics->dead_letters.add();
    options_->health->clear("dead letters of " + done.source.topic);
  } else {
    options_->metrics->dead_letter_retries.add();
    if (options_->on_dead_letter_failure == dead_letter_policy::pause) {
      options_->health->set("dead letters of " + done.source.topic,
                            "the dead-letter topic cannot be written");
      // After a pause: a topic that takes nothing of that size says so at once.
      mine.letters_refused.push_back(done.letter);
      if (!mine.retry_at)
        flush_later(done.source, mine);
      return;
    }
    log::warning("dead_letter_lost",
                 {{"partition", done.source.to_string()},
                  {"offset", done.letter->batch->records[done.letter->index].offset.value()}});
  }
  if (--mine.letters_open == 0)
    tell(self_.address(), flush_due{done.source});
}

void writer::settle(const topic_partition& source, owned& mine, const committed& done) {
  auto& counted = *options_->metrics;
  auto what = mine.pending->committed();
  counted.commits.add();
  counted.committed_rows.add(done.rows);
  counted.committed_events.add(what.events);
  for (std::size_t i = 0; i < what.oldest_appends.size(); ++i)
    counted.append_to_commit.observe(seconds_since(what.oldest_appends[i]), what.range_events[i]);
  mine.refusals = 0;
  mine.pauses.reset();
  answered(source);
  if (done.klines)
    show_klines(*done.klines);
  for (const auto& [name, begun] : what.begun_epochs)
    if (auto actor = options_->directory->find_actor(name))
      tell(actor, epoch_committed{begun});
  tell(mine.actor,
       range_committed{mine.pending->gen(), what.next, what.last_applied, what.events, source});
  if (!mine.pending->empty()) // held back by a refusal, or by very many candles before it
    flush_soon(source, mine);
}

// Of all writers: the table is one. Only the key's end is the end of it for each of them.
void writer::show_klines(const kline_admission& klines) {
  constexpr const char* key = "market_klines";
  options_->metrics->waiting_klines.add(klines.kept_out);
  if (klines.waiting) {
    options_->health->set(key, "klines wait in market_klines_waiting: " + klines.remedy);
    if (!std::exchange(klines_wait_, true))
      log::warning("klines_wait", {{"table", "market_klines_waiting"}, {"action", klines.remedy}});
  } else if (!klines.one_interval_alone) {
    options_->health->clear(key);
    if (std::exchange(klines_wait_, false))
      log::info("klines_released", {{"table", "market_klines"}});
  }
}

void writer::settle(const topic_partition& source, owned& mine, const fenced&) {
  options_->metrics->refused_commits.add();
  options_->faults->answered(this, source);
  log::warning("commit_refused", {{"partition", source.to_string()},
                                  {"generation", mine.pending->gen().value()},
                                  {"action", "claim_again"}});
  tell(mine.actor, claim_lost{mine.pending->gen(), claim_loss::fenced,
                              "another claim, next_offset or home of a stream is stored"});
  options_->directory->unsettle(source, mine.pending->gen()); // before its ranges are gone
  partitions_.erase(source);
}

void writer::settle(const topic_partition& source, owned& mine, const try_again& what) {
  options_->metrics->database_errors.add();
  options_->metrics->database_retries.add();
  options_->health->set(health_key(source), what.why.detail);
  options_->card->set_error(what.why.detail);
  options_->faults->failed(this, "commit", source, what.why);
  flush_later(source, mine);
}

void writer::settle(const topic_partition& source, owned&, const outcome_unknown& what) {
  failed("commit", source, what.why);
  connection_lost(what.why.detail);
}

void writer::settle(const topic_partition& source, owned& mine, const rows_refused& what) {
  options_->metrics->database_errors.add();
  if (++mine.refusals <= options_->max_retries) {
    flush_later(source, mine);
    return;
  }
  mine.refusals = 0;
  options_->metrics->refused_rows.add(what.rows.size());
  for (const auto& row : what.rows)
    log::error("row_refused", {{"symbol", row.stream.symbol.view()},
                               {"stream", name_of(row.stream.kind)},
                               {"sqlstate", row.sqlstate},
                               {"error", row.message},
                               {"action", "dead_letter"}});
  for (auto& letter : mine.pending->refuse(what.rows)) {
    ++mine.letters_open;
    produce(source, mine.pending->gen(), std::make_shared<const dead_letter>(std::move(letter)));
  }
  if (mine.letters_open == 0) // only positions were refused again
    flush_later(source, mine);
}

void writer::flush_later(const topic_partition& source, owned& mine) {
  const auto pause = mine.pauses.next();
  mine.retry_at = options_->time->now() + pause;
  self_.later(pause, flush_due{source});
}

void writer::produce(const topic_partition& source, generation gen,
                     std::shared_ptr<const dead_letter> letter) {
  dead_letter copy = *letter;
  options_->dead_letters->produce(
      std::move(copy), [to = self_.address(), source, gen, letter](const result<void>& done) {
        tell(to, refusal_letter_done{source, gen, letter, static_cast<bool>(done)});
      });
}

} // namespace tradepulse
