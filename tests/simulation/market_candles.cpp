#include "tests/actors/support/samples.hpp"
#include "tests/simulation/market_log.hpp"

// What the log means for candles.
namespace tradepulse::simulation {

void market_log::makes_candles(const topic_partition& source, const candle_source& rules) {
  partitions_.at(source).rules = rules;
  for (const auto& [stream, home] : homes_)
    if (home == source && stream.kind == rules.stream && !is_wanderer(stream.symbol))
      for (const auto interval : all_candle_intervals)
        if (rules.rules->intervals.contains(interval))
          candle_homes_[{stream.symbol, stream_kind::candle(interval)}] = source;
}

candle_record market_log::record_of(const topic_partition& source, const entry& of) const {
  candle_record out{of.offset, of.ms, of.append_ms, of.whole, false, nullptr};
  for (const auto& stream : of.feeds) {
    out.sized = out.sized || stream.kind == stream_kind::trade;
    if (stream.kind == partitions_.at(source).rules->stream && !is_wanderer(stream.symbol))
      out.feeds = &stream.symbol;
  }
  return out;
}

void market_log::learn_candles(const topic_partition& source, era& of, const entry& each) {
  if (!of.ahead || each.feeds.empty())
    return;
  std::vector<candle_book::made> made;
  of.ahead->record(record_of(source, each), made);
  for (auto& one : made)
    of.candles[one.stream][one.fact.position.epoch.value()].push_back(std::move(one.fact));
  // An epoch that this record has begun.
  if (const auto fed = record_of(source, each).feeds)
    for (const auto interval : all_candle_intervals)
      if (of.ahead->rules().rules->intervals.contains(interval)) {
        const stream_key name{*fed, stream_kind::candle(interval)};
        of.candles[name].try_emplace(of.ahead->position(name).epoch.value());
      }
}

market_log::facts_of_era market_log::candles(const stream_key& stream, std::int64_t epoch) {
  const auto home = candle_homes_.find(stream);
  if (home == candle_homes_.end())
    return {};
  auto& eras = partitions_.at(home->second).eras;
  for (auto i = eras.size(); i-- > 0;) {
    learn(home->second, eras[i]);
    const auto all = eras[i].candles.find(stream);
    if (all == eras[i].candles.end())
      continue;
    if (const auto found = all->second.find(epoch); found != all->second.end())
      return {i, &found->second};
  }
  return {};
}

bool market_log::is_whole(const stream_key& stream, stream_position at) {
  const auto& eras = partitions_.at(candle_homes_.at(stream)).eras;
  const auto found = candles(stream, at.epoch.value());
  return !found.facts || found.era + 1 < eras.size() ||
         static_cast<std::int64_t>(found.facts->size()) == at.seq.value();
}

// Of the newest era alone; one of an epoch without a number has number 0.
stream_position market_log::end_of_candles(const stream_key& stream) {
  const auto& home = candle_homes_.at(stream);
  auto& eras = partitions_.at(home).eras;
  if (eras.empty())
    return {};
  learn(home, eras.back());
  const auto& all = eras.back().candles[stream];
  if (all.empty())
    return {};
  return {epoch{all.rbegin()->first},
          sequence{static_cast<std::int64_t>(all.rbegin()->second.size())}};
}

const candle_book* market_log::book(const stream_key& stream, std::int64_t source_epoch) {
  const auto& home = candle_homes_.at(stream);
  for (auto& each : partitions_.at(home).eras)
    if (each.epoch == source_epoch) {
      learn(home, each);
      return each.ahead ? &*each.ahead : nullptr;
    }
  return nullptr;
}

const candle_book* market_log::book_now(const stream_key& stream) {
  const auto& eras = partitions_.at(candle_homes_.at(stream)).eras;
  return eras.empty() ? nullptr : book(stream, eras.back().epoch);
}

} // namespace tradepulse::simulation
