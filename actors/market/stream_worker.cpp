#include "actors/market/stream_worker.hpp"

#include <algorithm>
#include <utility>

#include "actors/tell.hpp"
#include "protocol/log.hpp"

namespace tradepulse {
namespace {

// The burst, by a pointer that owns its part of the passage too.
burst_ptr on_passage(const burst_ptr& burst, const std::shared_ptr<passage>& on) {
  struct both {
    burst_ptr burst;
    std::shared_ptr<passage> on;
  };
  if (!on)
    return burst;
  const auto kept = std::make_shared<const both>(both{burst, on});
  return {kept, burst.get()};
}

// What a claim goes back to while the move is not committed.
stored_stream right_after_the_move(stored_stream row) {
  row.position.seq = sequence{0};
  row.snapshot.reset();
  row.newest.reset();
  return row;
}

} // namespace

void stream_worker::begin(symbol_entry& entry, std::shared_ptr<symbol_state> state,
                          const symbol_actor_options& options, std::uint64_t id,
                          std::function<void()> end) {
  entry_ = &entry;
  state_ = std::move(state);
  options_ = options;
  id_ = id;
  end_ = std::move(end);
}

void stream_worker::work(const symbol_work& what) {
  heard();
  if (waiting_)
    later_.push_back(what);
  else
    take(what);
}

void stream_worker::take(const symbol_work& what) {
  if (is_given_up(what))
    return; // the ticket dies
  auto& events = room();
  auto& slot = what.ticket.slot();
  auto done = state_->apply(what.ticket.range(), slot, events);
  if (slot.began_epoch)
    move_home(slot.row);
  if (done.became_unordered)
    alarm_unordered(slot.row);
  make_candles(what);
  publish(std::move(done), events, what.passage);
}

void stream_worker::restore(const restore_stream& claim) {
  heard();
  if (options_.directory->has_moved_on(*entry_, claim) ||
      (claim.looked_up && state_->covers(claim.stored)))
    return;
  // What is read under this claim is sent behind it: these are of claims that are over.
  waiting_.reset();
  later_.clear();
  given_up_.reset();
  if (auto begun = options_.directory->moved_meanwhile(*entry_, claim))
    go_on_from({std::move(*begun), true, claim.source, claim.candles});
  else
    go_on_from(claim);
}

void stream_worker::go_on_from(const restore_stream& claim) {
  auto known = options_.directory->read(*entry_).snapshot;
  auto restored =
      state_->restore(claim.stored, std::move(known), claim.uncommitted_epoch, claim.candles);
  if (const auto& rules = claim.candles.rules; rules && connect(rules->intervals)) {
    options_.directory->restore_candles(claim);
    show_all();
  }
  if (restored.moved)
    options_.directory->publish(*entry_, restored.moved);
  const auto& fan_outs = options_.directory->fan_outs();
  for (std::size_t i = 0; i < fan_outs.size(); ++i) {
    if (entry_->interest[i].load() == 0)
      continue;
    if (restored.moved)
      tell(fan_outs[i], stream_moved{entry_->index, restored.moved});
    else if (restored.claimed_again)
      tell(fan_outs[i], recall_again{entry_->index});
  }
}

void stream_worker::move_home(const stored_stream& row) {
  options_.directory->move_home(*entry_, right_after_the_move(row),
                                state_->waits_before(row.position.epoch));
}

void stream_worker::committed(const epoch_committed& done) {
  publish(state_->commit_epoch(done.epoch), {});
  options_.directory->home_committed(*entry_, done.epoch); // one of both always says where it is
}

void stream_worker::recall(const recall_events& question) {
  heard();
  auto found = state_->recall(question.after, question.limit);
  if (found.burst)
    found.burst->encoded(false); // here, not on the I/O thread
  options_.directory->answer(*entry_, question, std::move(found));
}

void stream_worker::rest(const passivate_symbol&) {
  if (waiting_ || given_up_)
    return; // the next actor would not know
  state_->rest();
  if (!options_.directory->passivate(*entry_, id_, state_))
    return;
  state_.reset(); // the next actor's from here on
  end_();
}

void stream_worker::failed(const symbol_entry& entry, const symbol_actor_options& options,
                           std::uint64_t id) {
  if (!options.directory->forget_actor(entry.key, id))
    return;
  options.metrics->failed_symbols.add();
  options.directory->tell_partition(entry);
}

event_room& stream_worker::room() const {
  thread_local event_room of_the_thread;
  return options_.room ? *options_.room : of_the_thread;
}

void stream_worker::alarm_unordered(const stored_stream& row) {
  options_.metrics->unordered_streams.add();
  log::error("stream_unordered",
             {{"symbol", row.symbol.view()},
              {"stream", name_of(row.kind)},
              {"home", row.home->to_string()},
              {"reason", "events come from several partitions: producers must key by symbol"},
              {"command", "tradepulse offsets clear-unordered " + row.symbol.str()}});
}

void stream_worker::publish(symbol_state::outcome done, const event_room& room,
                            const std::shared_ptr<passage>& on) {
  auto& counted = *options_.metrics;
  counted.late_ticks.add(done.late);
  counted.count_source_gap(entry_->key.kind, done.source_gap);
  if (done.published)
    options_.directory->publish(*entry_, std::move(done.published));
  for (const auto& burst : done.bursts)
    send(burst, on);
  // Asked behind the snapshot: who joins from now on is answered with it.
  if (done.events && somebody_listens())
    send(state_->burst_of(done, room), on);
}

bool stream_worker::somebody_listens() const {
  const auto count = options_.directory->fan_outs().size();
  return std::any_of(entry_->interest.begin(),
                     entry_->interest.begin() + static_cast<std::ptrdiff_t>(count),
                     [](const auto& each) { return each.load() > 0; });
}

void stream_worker::send(const burst_ptr& burst, const std::shared_ptr<passage>& on) const {
  const auto& fan_outs = options_.directory->fan_outs();
  burst_ptr sent;
  for (std::size_t i = 0; i < fan_outs.size(); ++i)
    if (entry_->interest[i].load() > 0) {
      if (!sent) {
        burst->encoded(false); // here, not on the I/O thread
        sent = on_passage(burst, on);
      }
      tell(fan_outs[i], sent);
    }
}

} // namespace tradepulse
