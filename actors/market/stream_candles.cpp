#include <utility>

#include "actors/market/stream_worker.hpp"
#include "actors/tell.hpp"
#include "protocol/log.hpp"

// The worker of a stream that candles are made from, and that of a stream of candles.
namespace tradepulse {

void stream_worker::make_candles(const symbol_work& what) {
  auto& range = what.ticket.range();
  auto& slot = what.ticket.slot();
  if (!range.marks || range.marks->made.stream != entry_->key.kind ||
      !connect(range.marks->made.rules->intervals)) {
    what.ticket.acknowledge();
    return;
  }
  if (!state_->candles())
    state_->begin_candles(range.marks->made.rules, options_.directory->numbered_candles(*outlets_));
  const auto& missing = state_->make_candles(range, slot);
  if (!missing.empty()) {
    options_.metrics->candle_loads.add();
    waiting_ = what;
    tell(range.writer, load_candles{range.batch->source, range.gen, entry_->key, missing,
                                    options_.directory->find_actor(entry_->key)});
    return;
  }
  count_candles();
  if (slot.candles) {
    outlets_->board->add(range, *slot.candles);
    const bool ends_there = !slot.candles->runs.empty();
    if (!hand_on(what, *slot.candles)) {
      give_up(range); // the ticket dies: a claim restores the stream whose actor has died
      return;
    }
    show_changed();
    if (ends_there)
      return; // whoever publishes the last of them acknowledges
  }
  // After this the range may be committed and gone: its events are not touched again.
  what.ticket.acknowledge();
}

// False: another stream has made the candles of this symbol, from another topic.
bool stream_worker::connect(candle_intervals intervals) {
  if (outlets_)
    return outlets_->board != nullptr;
  outlets_ = options_.directory->outlets_of(*entry_, intervals);
  if (!outlets_->board)
    log::error("candles_of_two_sources",
               {{"symbol", entry_->key.symbol.view()},
                {"stream", name_of(entry_->key.kind)},
                {"reason", "its candles are made from another stream already"},
                {"action", "none are made from this one: set candles.source of one topic only"}});
  return outlets_->board != nullptr;
}

// Numbers of candles are published before their range is complete. Else a partition could be
// settled by its commit, and who comes back with a number that the killed process had published
// would be told that nobody has it.
bool stream_worker::hand_on(const symbol_work& what, made_candles& made) const {
  made.unpublished = made.runs.size();
  for (auto& run : made.runs) {
    const auto to = options_.directory->actor_for(run.key(), what.ticket.range().batch->source);
    if (!to)
      return false;
    tell(to, candle_work{what.ticket, &run, what.passage});
  }
  return true;
}

void stream_worker::candles(const candle_work& what) {
  heard();
  auto& events = room();
  auto done = state_->apply(what.ticket.range(), *what.slot, events);
  const bool is_held = done.held;
  if (what.slot->began_epoch)
    move_home(what.slot->row);
  publish(std::move(done), events, what.passage);
  // A claim may have lost this epoch before its commit, and the floor has reached it meanwhile.
  if (!is_held)
    options_.directory->home_committed(*entry_, what.slot->row.position.epoch);
  if (what.ticket.slot().candles->unpublished.fetch_sub(1) == 1)
    what.ticket.acknowledge();
}

void stream_worker::loaded(const candles_loaded& answer) {
  if (!waiting_)
    return;
  const auto& range = waiting_->ticket.range();
  if (range.batch->source != answer.source || range.gen != answer.gen)
    return;
  if (answer.asked.empty()) {
    // That claim is over: its ranges fail, and what they hold of the credit is given back, also
    // where no claim follows here.
    give_up(range);
    if (state_->candles())
      state_->candles()->begin_slot();
    waiting_.reset();
  } else {
    state_->candles()->supply(answer.asked, answer.found);
    make_candles(*std::exchange(waiting_, std::nullopt));
  }
  while (!waiting_ && !later_.empty()) {
    const auto next = std::move(later_.front());
    later_.pop_front();
    take(next);
  }
}

// What comes of that claim must not be numbered behind a hole.
void stream_worker::give_up(const ingest_range& range) {
  given_up_.emplace(range.batch->source, range.gen);
}

bool stream_worker::is_given_up(const symbol_work& what) const {
  const auto& range = what.ticket.range();
  return given_up_ && given_up_->first == range.batch->source && given_up_->second == range.gen;
}

void stream_worker::count_candles() const {
  const auto& made = state_->candles()->counts();
  auto& counted = *options_.metrics;
  counted.candles.add(made.closes);
  counted.candle_corrections.add(made.corrections);
  counted.too_late_for_candles.add(made.too_late);
  counted.candle_overflows.add(made.overflows);
  counted.candles_left_out.add(static_cast<std::uint64_t>(made.left_out));
}

// --- views -------------------------------------------------------------------------------------

void stream_worker::idle(const candles_idle& what) {
  heard();
  if (!state_->candles() || !connect(state_->candles()->intervals()))
    return;
  std::vector<candle_view> over;
  state_->candles()->idle_views(what.now, over);
  if (over.empty())
    return;
  show_all();
  show(over);
}

void stream_worker::show_changed() {
  auto& views = room().views;
  views.clear();
  state_->candles()->changed_views(views);
  show_all();
  show(views);
}

// What REST and new subscribers get. Requires: it is connected.
void stream_worker::show_all() {
  auto* made = state_->candles();
  outlets_->board->set(made->builder().through(), [made](auto& views) { made->open_views(views); });
}

void stream_worker::show(std::span<const candle_view> views) const {
  const auto& fan_outs = options_.directory->fan_outs();
  for (const auto& view : views) {
    const auto* to = outlets_->entry(view.candle.interval);
    candle_view_ptr shown;
    for (std::size_t i = 0; i < fan_outs.size(); ++i)
      if (to->interest[i].load() > 0) {
        if (!shown)
          shown = std::make_shared<const shown_candle>(entry_->key.symbol, entry_->key.kind, view);
        tell(fan_outs[i], candle_shown{to->index, shown});
      }
  }
}

} // namespace tradepulse
