#include <utility>

#include "actors/ingest/partition.hpp"
#include "actors/latency.hpp"
#include "protocol/log.hpp"

// What comes of records: ranges that are dispatched, committed, or fail.
namespace tradepulse {

void partition::arrived(const batch_arrived& what) {
  if (what.batch->gen != gen_ || !reading_ || leaving_) {
    parts().metrics->stale_batches.add();
    return;
  }
  if (std::exchange(unread_, false))
    parts().health->clear(health_key());
  last_batch_ = parts().time->now();
  heard_ = true;
  shown_until_ = time_ms::min();
  auto built = builder_->build(what.batch, expected_, failing_->stopped());
  auto& range = *built.range;
  parts().metrics->candle_times_held_back.add(built.times_held_back);
  range.credit = what.credit;
  range.floor = watch_.grant().epoch_floor;
  range.cluster_id = watch_.cluster_id();
  range.writer = options_->writer;
  range.extra_rows = failing_->take_rows(options_->source, range.floor);
  expected_ = range.to;
  watch_.dispatched(range.last_applied);
  parts().metrics->ticks.add(built.ticks);
  by_topic_->ticks->add(built.ticks);
  by_topic_->skipped->add(built.skipped);
  by_topic_->tombstones->add(built.tombstones);
  by_topic_->rejected->add(built.letters.size());
  parts().metrics->append_to_dispatch.observe(
      seconds_since(what.batch->records.front().append_time), built.ticks);
  dispatcher_->dispatch(built.range, std::move(built.letters), what.passage);
  ask_for_unknown();
  settle_if_read();
  show_depth();
}

void partition::committed(const range_committed& what) {
  if (what.gen != gen_)
    return;
  retry_->reset();
  dispatcher_->committed(what.next);
  if (!dispatcher_->letters_wait())
    parts().health->clear(health_key()); // a commit: every letter before it is confirmed
  parts().reader->commit(options_->source, what.next);
  committed_ = what.next;
  settle_if_read();
  show_depth();
  if (dispatcher_->in_flight() > 0)
    return;
  if (leaving_)
    end();
  else if (state_ == state::reading && !reading_) // a fault has ended it
    claim_later("read_fault");
}

// Whose ticket died need not be who died: that of a slot goes on to the actors of its candles. An
// actor is given up by its own end alone; one that lives hears of the claim behind its work.
void partition::failed(const range_failed& what) {
  if (what.gen != gen_ || state_ != state::reading)
    return;
  if (!what.failed.symbol.empty())
    stop_where_too_often(what.failed);
  claim_later("symbol_failed");
}

// Where it had work in hand its range fails, too: whichever is heard first begins the claim.
void partition::died(const stream_failed& what) {
  if (state_ == state::loading || state_ == state::verifying || state_ == state::repositioning)
    died_.push_back(what.stream);
  if (state_ != state::reading || !parts().directory->needs_restore(what.stream))
    return;
  const auto& candles = options_->candles;
  if (what.stream.kind.events() == event_kind::candle && candles)
    stop_where_too_often({what.stream.symbol, candles->stream}); // candles have no records
  else
    stop_where_too_often(what.stream);
  claim_later("symbol_failed");
}

void partition::stop_where_too_often(const stream_key& each) {
  if (!failing_->failed(each, parts().time->now()))
    return;
  const auto tell = [this](const stream_key& stopped, std::string_view why) {
    log::error("symbol_stopped", {{"symbol", stopped.symbol.view()},
                                  {"stream", name_of(stopped.kind)},
                                  {"partition", name()},
                                  {"reason", why},
                                  {"action", "its records go to the dead-letter topic"}});
  };
  tell(each, "its actor failed too often");
  if (const auto other = builder_->fed_with(each); other && failing_->stop(*other))
    tell(*other, "its records feed the stream that was stopped");
}

void partition::letter_failed(const letter_refused& what) {
  if (what.ticket.range().gen != gen_)
    return;
  parts().metrics->dead_letter_retries.add();
  if (options_->rules.on_dead_letter_failure == dead_letter_policy::count) {
    log::warning("dead_letter_lost", {{"partition", name()}, {"error", what.detail}});
    what.ticket.acknowledge();
    return;
  }
  degraded("its dead-letter topic cannot be written: " + what.detail +
           " (kafka.dead_letter.on_failure = count goes on without)");
  dispatcher_->keep_letter(what);
}

// What was read before is committed first: the log may not have it any more, and clients have seen
// it.
void partition::faulted(const fault_reported& what) {
  if (what.gen != gen_ || state_ != state::reading || !reading_)
    return;
  log::warning("read_fault", {{"partition", name()}, {"error", what.detail}});
  options_->card->set_error(what.detail);
  if (what.fault == read_fault::transient) {
    inspect(log_question::check);
    return;
  }
  unread_ = true;
  degraded(what.fault == read_fault::partition_gone ? "the partition does not exist: " + what.detail
                                                    : "its records cannot be read: " + what.detail);
  stop_reading();
  if (dispatcher_->in_flight() == 0)
    claim_later("read_fault");
}

} // namespace tradepulse
