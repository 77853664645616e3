#include <algorithm>
#include <random>

#include <gtest/gtest.h>

#include "tests/actors/support/candle_line.hpp"
#include "tests/actors/support/candle_naive.hpp"
#include "tests/actors/support/samples.hpp"

namespace tradepulse {
namespace {

using samples::at;
using samples::named;

constexpr std::uint32_t symbols = 3;
const std::vector<symbol> names{named("B"), named("A"), named("C")};
constexpr std::chrono::seconds max_ahead{1};

// Late, far too late, of the same time, out of order, future-dated; silence of hours; new epochs of
// one symbol and of all.
std::vector<candle_record> random_log(unsigned seed, std::size_t length) {
  std::mt19937 random(seed);
  const auto below = [&](std::int64_t n) {
    return std::uniform_int_distribution<std::int64_t>(0, n - 1)(random);
  };
  std::int64_t now = samples::some_time;
  std::int64_t before = now;
  epoch floor{1};
  std::vector<stream_position> positions(symbols, samples::pos(1, 0));
  std::vector<candle_record> out;
  for (std::size_t i = 0; i < length; ++i) {
    candle_record next;
    const auto kind = below(100);
    now += kind < 2 ? below(5 * 3'600'000) : kind < 50 ? below(40'000) : below(500);
    auto time = now;
    if (const auto off = below(100); off < 15)
      time -= below(90'000);
    else if (off < 22)
      time -= below(3 * 3'600'000);
    else if (off < 30)
      time = before;
    else if (off < 36)
      time += below(20 * 60'000);
    else if (off < 40) // at a border
      time = time / 60'000 * 60'000 - below(2);
    before = time;
    next.offset = out.empty() ? 0 : out.back().offset + 1 + below(3);
    next.symbol = static_cast<std::uint32_t>(below(symbols));
    if (below(150) == 0)
      for (const auto& each : positions)
        floor = std::max(floor, epoch{each.epoch.value() + 1});
    auto& position = positions[next.symbol];
    if (position.epoch < floor)
      position = {floor, sequence{0}};
    else if (below(100) == 0)
      position = {epoch{position.epoch.value() + 1}, sequence{0}};
    position.seq = sequence{position.seq.value() + 1};
    next.floor = floor;
    next.append_time = at(now);
    next.event = {position, at(time), price{100 + below(20)}};
    if (below(15) == 0) // one of these overflows a quote volume by itself, or two of them do
      next.event.price = price{std::int64_t{9'000'000'000'000'000'000}};
    if (below(10) != 0)
      next.event.size = quantity{below(20) == 0   ? int128{90'000'000'000} * decimal_unit
                                 : below(60) == 0 ? int128{900'000'000'000} * decimal_unit
                                                  : int128{1 + below(1'000)}};
    if (below(40) != 0)
      next.event.taker = below(2) == 0 ? trade_side::buy : trade_side::sell;
    if (below(5) != 0)
      next.event.trade_id = static_cast<std::int64_t>(i);
    out.push_back(next);
  }
  return out;
}

candle_options some_rules(unsigned seed) {
  candle_options rules;
  if (seed % 3 == 1)
    rules.grace = std::chrono::seconds{7};
  if (seed % 3 == 2)
    rules.grace = std::chrono::minutes{3};
  rules.fill = seed % 2 == 1;
  if (seed % 4 == 3)
    rules.fill_limit = 2;
  if (seed % 5 == 4)
    rules.intervals = {candle_interval::m1, candle_interval::h1};
  if (seed % 5 == 3)
    rules.lateness = std::chrono::minutes{10};
  return rules;
}

void expect_same(const std::vector<candle_fact>& found, const std::vector<candle_fact>& expected,
                 const char* what, unsigned seed, std::uint32_t symbol) {
  const auto differs =
      std::mismatch(found.begin(), found.end(), expected.begin(), expected.end()).first;
  ASSERT_TRUE(found == expected) << what << ", seed " << seed << ", symbol " << symbol << ": "
                                 << found.size() << " facts, " << expected.size()
                                 << " expected, the first that differs is "
                                 << differs - found.begin();
}

TEST(CandlesOfRandomLogs, EqualARecomputationFromAllEvents) {
  std::size_t facts = 0, corrected = 0, partial = 0, overflowed = 0, flat = 0;
  for (unsigned seed = 0; seed < 30; ++seed) {
    const auto rules = some_rules(seed);
    const auto log = random_log(seed, 500);
    candle_line line(rules, names, max_ahead);
    line.read(log);
    for (std::uint32_t id = 0; id < symbols; ++id) {
      const auto expected = naive_facts(rules, max_ahead, log, id);
      ASSERT_NO_FATAL_FAILURE(expect_same(line.facts(id), expected, "whole", seed, id));
      facts += expected.size();
      for (const auto& each : expected) {
        corrected += each.candle.revision > 0 ? 1U : 0U;
        partial += each.candle.partial() ? 1U : 0U;
        flat += each.candle.trades == 0 ? 1U : 0U;
        overflowed += has(each.candle.flags, candle_flags::quote_overflow) ? 1U : 0U;
      }
    }
  }
  // The logs have what they are to have.
  EXPECT_GT(facts, 30'000u);
  EXPECT_GT(corrected, 500u);
  EXPECT_GT(partial, 500u);
  EXPECT_GT(overflowed, 50u);
  EXPECT_GT(flat, 10'000u);
}

TEST(CandlesOfRandomLogs, AreTheSameHoweverTheLogIsCut) {
  std::size_t restarts = 0, supplied = 0;
  for (unsigned seed = 0; seed < 6; ++seed) {
    const auto rules = some_rules(seed);
    const auto log = random_log(seed, 500);
    candle_line whole(rules, names, max_ahead);
    whole.read(log);
    for (unsigned way = 0; way < 100; ++way) {
      std::mt19937 random(seed * 1'000 + way);
      const auto below = [&](std::size_t n) {
        return std::uniform_int_distribution<std::size_t>(0, n - 1)(random);
      };
      candle_line line(rules, names, max_ahead);
      if (way % 4 == 3)
        line.keep_only_open();
      const std::size_t longest = 1 + below(60);
      for (std::size_t from = 0; from < log.size();) {
        const std::size_t count = std::min(log.size() - from, 1 + below(longest));
        line.read({log.data() + from, count});
        from += count;
        if (way % 2 == 1) {
          line.restart(below(2) == 0);
          ++restarts;
        }
      }
      supplied += line.supplied();
      for (std::uint32_t id = 0; id < symbols; ++id)
        ASSERT_NO_FATAL_FAILURE(expect_same(line.facts(id), whole.facts(id), "cut", way, id));
    }
  }
  EXPECT_GT(restarts, 5'000u);
  EXPECT_GT(supplied, 1'000u);
}

TEST(CandlesOfRandomLogs, AreTheSameWithARestartBehindEveryRecord) {
  for (unsigned seed = 100; seed < 106; ++seed) {
    const auto rules = some_rules(seed);
    const auto log = random_log(seed, 400);
    candle_line whole(rules, names, max_ahead), restarted(rules, names, max_ahead);
    whole.read(log);
    for (std::size_t i = 0; i < log.size(); ++i) {
      restarted.read({log.data() + i, 1});
      restarted.restart(i % 2 == 0);
    }
    for (std::uint32_t id = 0; id < symbols; ++id)
      ASSERT_NO_FATAL_FAILURE(
          expect_same(restarted.facts(id), whole.facts(id), "restarted", seed, id));
  }
}

} // namespace
} // namespace tradepulse
