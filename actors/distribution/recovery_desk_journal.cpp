// How those who catch up read the journal: some streams at a time, each by all who want it.
#include <utility>

#include "actors/distribution/recovery_desk.hpp"

namespace tradepulse {

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
    post([this, index, whose, page = std::move(page)] {
      turns_.add([this, index, whose, page] { have_read(index, whose, page); });
    });
  });
}

// Those whose turn it is, when a read of `done` was answered.
void recovery_desk::read_waiting(stream_index done) {
  if (--reading_[done] == 0)
    reading_.erase(done);
  while (!waiting_readers_.empty() && reading_.size() < options_.streams_at_once) {
    auto turn = waiting_readers_.upper_bound(last_read_);
    if (turn == waiting_readers_.end())
      turn = waiting_readers_.begin();
    last_read_ = turn->first;
    const auto together = std::move(turn->second);
    waiting_readers_.erase(turn);
    for (const auto& each : together)
      if (auto* of = find(each.connection, last_read_, each.group, each.ask))
        start_read(*of, each);
  }
}

void recovery_desk::have_read(stream_index index, const reader& whose,
                              const result<std::shared_ptr<const history_page>>& page) {
  read_waiting(index);
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
  if (of->back->way.time()) {
    of->back->way.located(**page);
    open(*of);
    return;
  }
  of->back->way.read(**page);
  advance(*of);
  go_on(*book_.find(whose.connection));
}

} // namespace tradepulse
