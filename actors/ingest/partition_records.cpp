#include <utility>

#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "actors/actor_rules.hpp"
#include "actors/ingest/partition.hpp"
#include "actors/message_types.hpp"
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
  auto built = builder_->build(what.batch, expected_, failing_->stopped());
  auto& range = *built.range;
  range.credit = what.credit;
  range.floor = watch_.grant().epoch_floor;
  range.cluster_id = watch_.cluster_id();
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
  show_depth();
  if (leaving_ && dispatcher_->in_flight() == 0)
    end();
}

void partition::failed(const range_failed& what) {
  if (what.gen != gen_ || state_ != state::reading)
    return;
  if (!what.failed.empty())
    count_failure(what.failed);
  claim_later("symbol_failed");
}

void partition::count_failure(const symbol& each) {
  parts().metrics->failed_symbols.add();
  parts().directory->forget_actor(each);
  if (failing_->failed(each, std::chrono::steady_clock::now()))
    log::error("symbol_stopped", {{"symbol", each.view()},
                                  {"partition", name()},
                                  {"action", "its records go to the dead-letter topic"}});
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

void partition::faulted(const fault_reported& what) {
  if (what.gen != gen_ || state_ != state::reading)
    return;
  log::warning("read_fault", {{"partition", name()}, {"error", what.detail}});
  options_->card->set_error(what.detail);
  if (what.fault == read_fault::transient) {
    inspect(true);
    return;
  }
  unread_ = true;
  degraded(what.fault == read_fault::partition_gone ? "the partition does not exist: " + what.detail
                                                    : "its records cannot be read: " + what.detail);
  claim_later("read_fault");
}

} // namespace tradepulse
