#include "actors/distribution/recovery_desk.hpp"

#include <string>
#include <utility>
#include <variant>

#include "actors/distribution/recovery_frames.hpp"
#include "actors/next_in_turn.hpp"

namespace tradepulse {

using phase = subscription::phase;
using next = recovery::next;

recovery_desk::recovery_desk(engine_metrics& metrics, write_pass& pass, subscription_book& book,
                             view_desk& views, recovery_options options)
    : metrics_(metrics), pass_(pass), book_(book), views_(views), options_(std::move(options)) {}

subscription* recovery_desk::find(connection_id id, stream_index index, std::uint64_t group,
                                  std::uint64_t ask) {
  auto* found = book_.find(id, index);
  return found && found->group == group && found->back && found->back->ask == ask ? found : nullptr;
}

// --- beginning and end -----------------------------------------------------------------------

void recovery_desk::begin(subscription& of, const since_point& since) {
  of.back = std::make_unique<returning>(returning{recovery{since, has_journal(of)}});
  of.position = of.back->way.position();
  returning_.insert(&of);
  count(1);
  metrics_.recoveries.add();
  if (of.state == phase::joining)
    await_turn(of);
}

bool recovery_desk::has_journal(const subscription& of) const {
  return options_.history && (!options_.is_kept || options_.is_kept(of.stream.kind));
}

void recovery_desk::open(subscription& of) {
  auto& way = of.back->way;
  if (way.due() == next::locate) {
    way.asked();
    read(of);
  } else if (!way.time()) { // else the journal is being asked
    ask(of, 0);
  }
}

void recovery_desk::opened(subscription& of) {
  of.state = phase::recovering;
  line_up(of);
}

void recovery_desk::live(subscription& of) {
  if (of.back->way.unsettled())
    unsettled_.insert(&of);
  end(of);
  of.state = phase::live;
  views_.live(of);
}

void recovery_desk::end(subscription& of) {
  release(of);
  of.back.reset();
  returning_.erase(&of);
  count(-1);
}

void recovery_desk::forget(subscription& gone) {
  unsettled_.erase(&gone);
  if (gone.back)
    end(gone);
}

void recovery_desk::count(std::int64_t more) {
  metrics_.recovering.add(more);
  if (options_.card)
    options_.card->queue_depth = returning_.size();
}

// --- asking ----------------------------------------------------------------------------------

void recovery_desk::ask(subscription& of, std::size_t limit) {
  recall_events question;
  question.connection = of.owner->id;
  question.group = of.group;
  question.ask = ++of.back->ask;
  question.after = limit == 0 ? of.back->way.where_to_open() : of.back->way.after();
  question.limit = limit;
  options_.recall(of.stream, of.index, question);
}

bool recovery_desk::recalled(const stream_recalled& answer) {
  auto* of = find(answer.connection, answer.index, answer.group, answer.ask);
  if (!of)
    return false;
  if (of->state == phase::joining) {
    of->answered = true;
    of->away = of->away || answer.what.away;
    of->snapshot = answer.what.published;
    of->back->opened = of->back->way.open(answer.what);
    of->position = of->back->way.position();
    return true;
  }
  of->back->way.recalled(answer.what);
  advance(*of); // at once: it may be live behind this answer, before the events that come next
  go_on(*book_.find(answer.connection));
  return false;
}

// Requires: it is active.
void recovery_desk::advance(subscription& of) {
  auto& way = of.back->way;
  bool written = false;
  for (; way.due() == next::write; written = true)
    if (of.owner->page_refused || !write(of)) {
      way.refused();
      of.owner->held.insert(of.index);
      return;
    }
  switch (way.due()) {
  case next::ask_memory:
    if (written && !of.owner->in_line.empty()) { // one page a turn
      line_up(of);
      return;
    }
    way.asked();
    ask(of, options_.page_events);
    return;
  case next::read_journal:
    way.asked();
    read(of);
    return;
  case next::settling:
    release(of);
    return;
  case next::live:
    live(of);
    return;
  case next::locate: // only before it was opened
  case next::answer:
  case next::write:
    return;
  }
}

// --- writing ---------------------------------------------------------------------------------

// What comes first. False: the outbox refused it.
bool recovery_desk::write(subscription& of) {
  auto& way = of.back->way;
  auto due = frames_of(of, way.front());
  const auto bytes = due.frames.length;
  const auto outcome =
      bytes == 0 ? push_outcome::accepted : pass_.push(*of.owner, std::move(due.frames));
  if (outcome == push_outcome::refused)
    of.owner->page_refused = true;
  if (outcome != push_outcome::accepted)
    return false;
  // It may be of the journal: no burst has said that these candles are closed.
  if (const auto* events = std::get_if<burst_ptr>(&way.front());
      events && (*events)->kind().events() == event_kind::candle)
    view_desk::numbered(of, static_cast<const candle_burst&>(**events));
  way.taken();
  of.position = way.position();
  metrics_.deliveries.add(due.events);
  metrics_.recovered_events.add(due.events);
  metrics_.delivered_bytes.add(bytes);
  metrics_.gaps.add(due.gaps);
  return true;
}

// --- the journal -----------------------------------------------------------------------------

void recovery_desk::read(subscription& of) {
  ++of.back->ask;
  const reader whose{of.owner->id, of.group, of.back->ask, options_.now()};
  if (reading_.contains(of.index) || reading_.size() < options_.streams_at_once)
    start_read(of, whose);
  else
    waiting_readers_[of.index].push_back(whose);
}

void recovery_desk::start_read(subscription& of, const reader& whose) {
  ++reading_[of.index];
  const auto& way = of.back->way;
  history_query query{of.stream.symbol, of.index, way.after(), way.through(), options_.page_events};
  if (way.time())
    query = {of.stream.symbol, of.index, {}, {}, 0, way.time()};
  else
    query.committed = way.committed();
  query.waits_since = whose.since;
  query.kind = of.stream.kind;
  options_.history->read(std::move(query), [this, post = options_.post, index = of.index, whose](
                                               result<std::shared_ptr<const history_page>> page) {
    post([this, index, whose, page = std::move(page)] { have_read(index, whose, page); });
  });
}

void recovery_desk::have_read(stream_index index, const reader& whose,
                              const result<std::shared_ptr<const history_page>>& page) {
  if (--reading_[index] == 0)
    reading_.erase(index);
  while (!waiting_readers_.empty() && reading_.size() < options_.streams_at_once) {
    const auto turn = next_in_turn(waiting_readers_, last_read_);
    last_read_ = turn->first;
    const auto together = std::move(turn->second);
    waiting_readers_.erase(turn);
    for (const auto& each : together)
      if (auto* of = find(each.connection, last_read_, each.group, each.ask))
        start_read(*of, each);
  }
  auto* of = find(whose.connection, index, whose.group, whose.ask);
  if (!of)
    return;
  if (!page) {
    metrics_.failed_recoveries.add();
    const auto time = of->back->way.time();
    of->owner->owner->tell(recovery_failed{
        of->stream, time ? since_point{*time} : since_point{of->position}, page.failure()});
    return; // its connection ends
  }
  if (of->back->way.time())
    of->back->way.located(**page);
  else
    of->back->way.read(**page);
  await_turn(*of);
}

} // namespace tradepulse
