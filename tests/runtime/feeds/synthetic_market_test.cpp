#include "runtime/feeds/synthetic_market.hpp"

#include <algorithm>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "protocol/decimal.hpp"
#include "protocol/identifiers.hpp"

namespace tradepulse {
namespace {

constexpr time_ms some_time{std::chrono::milliseconds{1'723'161'256'543}};

std::string bytes_of(std::size_t symbols, std::uint64_t seed, int events) {
  synthetic_market market(symbols, seed);
  std::string out;
  for (int i = 0; i < events; ++i) {
    const auto e = market.next(some_time + std::chrono::milliseconds(i));
    out.append(e.symbol).append(1, ' ').append(e.value).append(1, '\n');
  }
  return out;
}

std::string member(std::string_view value, std::string_view name) {
  const auto at = value.find(name);
  EXPECT_NE(at, std::string_view::npos);
  const auto from = at + name.size();
  return std::string(value.substr(from, value.find_first_of(",}", from) - from));
}

TEST(SyntheticMarket, IsTheSameForTheSameSeed) {
  EXPECT_EQ(bytes_of(50, 7, 10'000), bytes_of(50, 7, 10'000));
}

TEST(SyntheticMarket, IsAnotherForAnotherSeed) {
  EXPECT_NE(bytes_of(50, 7, 100), bytes_of(50, 8, 100));
}

TEST(SyntheticMarket, WritesPriceTicks) {
  synthetic_market market(1, 1);
  const auto e = market.next(some_time);
  EXPECT_EQ(e.symbol, "SIM001");
  EXPECT_TRUE(e.value.starts_with("{\"symbol\":\"SIM001\",\"price\":")) << e.value;
  EXPECT_TRUE(e.value.ends_with(",\"timestamp\":1723161256543}")) << e.value;
  EXPECT_TRUE(price::parse(member(e.value, "\"price\":")).has_value());
  EXPECT_TRUE(quantity::parse(member(e.value, "\"volume\":")).has_value());
}

TEST(SyntheticMarket, KeepsPricesPositiveAndNearTheirStart) {
  synthetic_market market(6, 3);
  std::map<std::string, std::pair<std::int64_t, std::int64_t>, std::less<>> range;
  for (int i = 0; i < 600'000; ++i) {
    const auto e = market.next(some_time);
    const auto units = price::parse(member(e.value, "\"price\":")).value().units();
    ASSERT_GT(units, 0) << e.value;
    auto& [least, most] = range.try_emplace(std::string(e.symbol), units, units).first->second;
    least = std::min(least, units);
    most = std::max(most, units);
  }
  ASSERT_EQ(range.size(), 6u);
  for (const auto& [name, r] : range) {
    EXPECT_LE(r.second / r.first, 100) << name;
    EXPECT_LT(r.first, r.second) << name << " does not move";
  }
}

TEST(SyntheticMarket, UsesEveryNameAndOnlyValidOnes) {
  synthetic_market market(1200, 5);
  std::set<std::string, std::less<>> names;
  for (int i = 0; i < 50'000; ++i)
    names.emplace(market.next(some_time).symbol);
  EXPECT_EQ(names.size(), 1200u);
  EXPECT_TRUE(names.contains("SIM001"));
  EXPECT_TRUE(names.contains("SIM1200"));
  for (const auto& name : names)
    EXPECT_TRUE(symbol::valid(name)) << name;
}

TEST(SyntheticMarket, UsesAllEightDecimals) {
  synthetic_market market(3, 1);
  std::size_t longest = 0;
  for (int i = 0; i < 1000; ++i) {
    const auto text = member(market.next(some_time).value, "\"price\":");
    if (const auto point = text.find('.'); point != std::string::npos)
      longest = std::max(longest, text.size() - point - 1);
  }
  EXPECT_EQ(longest, 8u);
}

} // namespace
} // namespace tradepulse
