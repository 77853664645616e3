#include <initializer_list>
#include <iterator>
#include <string_view>

#include "tests/actors/support/kinds.hpp"
#include "tests/simulation/world.hpp"

// What a seed chooses before anything happens.
namespace tradepulse::simulation {

using samples::named;

void world::choose_settings() {
  auto& with = settings_;
  const auto one_of = [this](std::initializer_list<std::size_t> all) {
    return *(all.begin() + dice_.below(all.size()));
  };
  with.ring = one_of({0, 1, 4, 16, 64});
  with.writers = one_of({1, 1, 2});
  with.batch_rows = one_of({1, 3, 1'000});
  with.batch_events = one_of({1, 4, 8, 32});
  with.credit_events = one_of({8, 32, 1'000});
  with.window = one_of({4, 16, 1'000});
  with.page_events = one_of({1, 3, 10, 1'000});
  with.returns_at_once = one_of({1, 2, 8});
  with.streams_at_once = one_of({1, 2, 16});
  with.outbox_bytes = one_of({1, 300, 2'000, 1'000'000});
  with.lossless_bytes = one_of({800, 5'000, 1'000'000});
  with.hand_back_bytes = one_of({1, 400, 500'000});
  with.max_retries = static_cast<unsigned>(one_of({0, 1, 3}));
  with.flush_interval = std::chrono::milliseconds{one_of({1, 5, 20})};
  all_.sends_held_up = one_of({0, 5, 15});
  all_.calls_held_up = one_of({0, 30, 70});
  most_processes_ = dice_.percent(35) ? 2 : 1;
  fault_percent_ = one_of({0, 1, 3, 6});
  records_left_ = one_of({20, 50, 90});
  auto& rates = stored_.rates;
  if (dice_.percent(80)) {
    rates.busy = one_of({0, 0, 5});
    rates.lost = one_of({0, 0, 3});
    rates.unknown = one_of({0, 5, 15});
    rates.refused_rows = one_of({0, 0, 4});
    rates.behind = one_of({0, 0, 30});
    rates.unread = one_of({0, 0, 5});
    rates.letters = one_of({0, 20});
    rates.inspections = one_of({0, 10});
    rates.read_faults = one_of({0, 0, 3});
  }
  troubled_ = rates != troubles{};
}

void world::make_market() {
  const auto count = dice_.between(1, 3);
  for (std::int64_t i = 0; i < count; ++i) {
    partitions_.push_back(
        {candles_ && dice_.in(4) ? "plain" : "ticks", static_cast<std::int32_t>(i)});
    log_.add_partition(partitions_.back());
  }
  constexpr std::string_view names[] = {"A", "B", "C", "D"};
  for (std::size_t i = 0; i < std::size(names); ++i) {
    const auto name = named(names[i]);
    const auto& home = partitions_[i % partitions_.size()];
    log_.homes({name}, home);
    if (i % 2 == 0)
      log_.homes({name, stream_kind::trade}, home);
    // Of one symbol the klines come from another partition than its prices, where there is one.
    if (i < 2)
      log_.homes({name, samples::minutes}, partitions_.back());
    if (i == 1)
      log_.homes({name, stream_kind::quote}, home);
  }
  if (candles_ && candles_->stream == stream_kind::price)
    for (const auto& name : {named("B"), named("D")}) // they have no trades
      if (dice_.in(2))
        log_.wanders(name);
  for (const auto& each : partitions_)
    if (candles_ && each.topic == "ticks")
      log_.makes_candles(each, *candles_);
}

void world::make_clients() {
  std::vector<stream_key> all;
  for (const auto& [stream, home] : log_.streams())
    all.push_back(stream);
  for (const auto& [stream, home] : log_.candle_streams())
    all.push_back(stream);
  for (auto left = dice_.between(1, 4); left > 0; --left) {
    std::vector<stream_key> wanted;
    for (const auto& each : all)
      if (dice_.percent(50))
        wanted.push_back(each);
    if (wanted.empty())
      wanted.push_back(all[dice_.below(all.size())]);
    auto& made = peers_.emplace_back();
    made.who = std::make_unique<client>("client " + std::to_string(peers_.size()),
                                        std::move(wanted), log_, stored_, found_);
  }
}

} // namespace tradepulse::simulation
