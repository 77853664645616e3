#include <algorithm>
#include <array>
#include <initializer_list>

#include "tests/simulation/world.hpp"

// The rules of candles that a seed chooses, and events that are late, early, and far ahead.
namespace tradepulse::simulation {

void world::choose_candles() {
  if (dice_.percent(40))
    return;
  using enum candle_interval;
  constexpr std::array<candle_intervals, 5> sets{
      candle_intervals{s1}, {s1, m1}, {m1, m5}, {m1, m5, m15}, {m5}};
  auto rules = std::make_shared<candle_options>();
  rules->intervals = sets[dice_.below(sets.size())];
  const auto one_of = [this](std::initializer_list<std::chrono::milliseconds> all) {
    return *(all.begin() + dice_.below(all.size()));
  };
  const auto shortest = length_of(rules->intervals.shortest());
  const std::chrono::milliseconds none{0};
  rules->grace = one_of({none, none, shortest / 3, shortest * 2});
  rules->lateness = one_of({none, shortest, shortest * 5, shortest * 100, shortest * 100});
  rules->fill = dice_.in(3);
  candle_source made;
  made.rules = rules;
  made.stream = dice_.in(3) ? stream_kind::trade : stream_kind::price;
  made.max_ahead = one_of({none, shortest / 2, shortest * 3});
  made.idle_close = one_of({std::chrono::milliseconds{5}, std::chrono::milliseconds{30},
                            std::chrono::milliseconds{1'000}});
  candles_ = made;
  // A candle of the shortest length passes in some milliseconds.
  time_.pace =
      shortest.count() / one_of({std::chrono::milliseconds{4}, std::chrono::milliseconds{15},
                                 std::chrono::milliseconds{60}})
                             .count();
}

std::string world::rules_of_candles() const {
  std::string out = "candles of " + name_of(candles_->stream) + ":";
  for (const auto interval : all_candle_intervals)
    if (candles_->rules->intervals.contains(interval))
      out += " " + std::string(name_of(interval));
  const auto add = [&out](std::string_view name, std::chrono::milliseconds value) {
    out += ", " + std::string(name) + " " + std::to_string(value.count());
  };
  add("grace", candles_->rules->grace);
  add("lateness", candles_->rules->lateness);
  add("max_ahead", candles_->max_ahead);
  add("idle_close", candles_->idle_close);
  return out + (candles_->rules->fill ? ", filled" : "");
}

std::int64_t world::event_time(std::int64_t append_ms) {
  if (!candles_)
    return std::max<std::int64_t>(0, append_ms + dice_.between(-40, 10));
  const auto length = length_of(candles_->rules->intervals.shortest()).count();
  const auto lateness = candles_->rules->lateness.count();
  const auto what = dice_.below(100);
  if (what < 55)
    return append_ms - dice_.between(0, length / 4);
  if (what < 65) // the first moment of a candle, or of the one before
    return (append_ms / length - dice_.between(0, 1)) * length - samples::some_time % length;
  if (what < 85)
    return append_ms - dice_.between(0, std::min(lateness, 8 * length));
  if (what < 90)
    return append_ms - lateness - dice_.between(0, 3 * length);
  return append_ms + dice_.between(0, 4 * length);
}

// What is open is over by the next event, and that comes: every stream of candles has something to
// do, so that an actor of it that has failed is noticed.
void world::close_candles() {
  if (!candles_)
    return;
  auto longest = std::chrono::milliseconds{0};
  for (const auto interval : all_candle_intervals)
    if (candles_->rules->intervals.contains(interval))
      longest = length_of(interval);
  const auto most_ahead = 4 * length_of(candles_->rules->intervals.shortest());
  time_.ahead += longest + candles_->rules->grace + most_ahead;
  for (const auto& [stream, home] : log_.streams())
    log_.append(log_.at(home), event_of(stream, true), 0);
}

} // namespace tradepulse::simulation
