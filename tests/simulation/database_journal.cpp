#include <algorithm>
#include <type_traits>
#include <utility>

#include "tests/actors/support/samples.hpp"
#include "tests/simulation/database.hpp"

// The journal, as those read it who come back.
namespace tradepulse::simulation {

namespace {

template <class Events>
burst_ptr burst_from(const history_query& query, std::int64_t e, std::int64_t first,
                     const std::vector<database::kept>& events, std::size_t count) {
  std::vector<typename Events::numbered> out;
  for (std::size_t i = 0; i < count; ++i) {
    const auto seq = first + static_cast<std::int64_t>(i);
    const auto& each = events[static_cast<std::size_t>(seq - 1)].what;
    const auto read = samples::tick_at(each.offset, each.whole, each.ms);
    if constexpr (std::is_same_v<Events, candle_events>)
      out.push_back({sequence{seq}, read.event_time, {}, false, *each.made});
    else if constexpr (std::is_same_v<Events, price_events>)
      out.push_back(Events::number(sequence{seq}, read, each.late));
    else if constexpr (std::is_same_v<Events, trade_events>)
      out.push_back(Events::number(sequence{seq}, samples::trade_at(read), each.late));
    else
      out.push_back(Events::number(sequence{seq}, samples::kline_at(read), each.late));
  }
  return std::make_shared<const burst_of<Events>>(query.index, query.symbol, epoch{e},
                                                  std::move(out), time_ms{}, query.kind);
}

burst_ptr burst_of_kept(const history_query& query, std::int64_t e, std::int64_t first,
                        const std::vector<database::kept>& events, std::size_t count) {
  if (query.kind == stream_kind::price)
    return burst_from<price_events>(query, e, first, events, count);
  if (query.kind == stream_kind::trade)
    return burst_from<trade_events>(query, e, first, events, count);
  if (query.kind.events() == event_kind::candle)
    return burst_from<candle_events>(query, e, first, events, count);
  return burst_from<kline_events>(query, e, first, events, count);
}

} // namespace

std::optional<stream_position> database::first_since(const stream_key& stream, time_ms time) const {
  if (const auto all = journal_.find(stream); all != journal_.end())
    for (const auto& [e, events] : all->second)
      for (std::int64_t seq = 1; seq <= static_cast<std::int64_t>(events.size()); ++seq)
        if (const stream_position at{epoch{e}, sequence{seq}};
            commit_times_.at(stream).at(at) >= time)
          return at;
  return std::nullopt;
}

std::int64_t database::kept_of(const stream_key& stream, epoch of) const {
  const auto all = journal_.find(stream);
  if (all == journal_.end())
    return 0;
  const auto found = all->second.find(of.value());
  return found == all->second.end() ? 0 : static_cast<std::int64_t>(found->second.size());
}

history_page database::page(const history_query& query, std::uint64_t transactions_behind) {
  history_page out;
  std::optional<stream_position> since; // of a time: right before the first that is due
  const auto visible = commits - std::min(commits, transactions_behind);
  std::size_t left = query.limit;
  for (const auto& [e, all] : journal_[{query.symbol, query.kind}]) {
    const auto end = std::ranges::partition_point(
        all, [&](const kept& each) { return each.transaction <= visible; });
    const std::int64_t last = end - all.begin();
    if (last == 0)
      continue;
    if (out.lowest == stream_position{})
      out.lowest = {epoch{e}, sequence{1}};
    out.highest = out.committed = {epoch{e}, sequence{last}};
    if (query.time && !since) {
      const auto due = std::ranges::find_if(
          all.begin(), end, [&](const kept& each) { return each.commit_time >= *query.time; });
      if (due != end)
        since = {epoch{e}, sequence{due - all.begin()}};
    }
    if (query.after.epoch.value() == e) {
      out.epoch_lowest = sequence{1};
      out.epoch_highest = sequence{last};
    }
    if (epoch{e} < query.after.epoch || (query.through && epoch{e} > query.through->epoch))
      continue;
    const auto first = epoch{e} == query.after.epoch ? query.after.seq.value() + 1 : 1;
    const auto through = query.through && query.through->epoch == epoch{e}
                             ? std::min(last, query.through->seq.value())
                             : last;
    if (first > through)
      continue;
    const auto count = std::min(left, static_cast<std::size_t>(through - first + 1));
    out.more = out.more || count < static_cast<std::size_t>(through - first + 1);
    left -= count;
    if (count > 0)
      out.bursts.push_back(burst_of_kept(query, e, first, all, count));
  }
  for (const auto& [begun, number] : begun_)
    if (begun.first == stream_key{query.symbol, query.kind} && number <= visible)
      out.committed = std::max(out.committed, {begun.second, sequence{0}});
  if (query.time) {
    out.after = since.value_or(out.highest);
    out.older = out.after < out.lowest && out.lowest > stream_position{epoch{1}, sequence{1}};
  }
  return out;
}

// Others have asked for the same stream, from further back and up to further on.
history_query simulated_history::shared(history_query query) {
  const auto back = dice_.between(0, std::min<std::int64_t>(3, query.after.seq.value()));
  query.after.seq = sequence{query.after.seq.value() - back};
  query.limit += static_cast<std::size_t>(back + dice_.between(0, 3));
  if (dice_.in(2))
    query.through.reset();
  return query;
}

void simulated_history::read(history_query query, history_answer then) {
  turns_.answer(alive_, [this, query = std::move(query), then = std::move(then)] {
    if (dice_.percent(at_.rates.unread)) {
      then(error{errc::database_unavailable, "no answer within recovery.timeout"});
      return;
    }
    const auto behind = dice_.percent(at_.rates.behind) ? dice_.between(1, 3) : 0;
    const auto read = !query.time && dice_.percent(25) ? shared(query) : query;
    auto page = at_.page(read, static_cast<std::uint64_t>(behind));
    if (query.committed && page.committed < *query.committed)
      then(error{errc::database_unavailable, "it is not the one that is written to"});
    else
      then(std::make_shared<const history_page>(std::move(page)));
  });
}

} // namespace tradepulse::simulation
