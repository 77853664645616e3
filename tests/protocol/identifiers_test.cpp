#include "protocol/identifiers.hpp"

#include <type_traits>
#include <unordered_map>

#include <gtest/gtest.h>

#include "protocol/stream_position.hpp"

namespace tradepulse {
namespace {

TEST(Symbol, IsOneTo32CharactersOfItsAlphabet) {
  for (const char* text : {"A", "AAPL", "btcusdt", "BTC/USD", "BTCUSDT.P", "BRK-B", "^GSPC",
                           "EUR=X", "M&M", "a_b:c+d", "0", "12345678901234567890123456789012"})
    EXPECT_TRUE(symbol::valid(text)) << text;
}

TEST(Symbol, IsNothingElse) {
  for (const char* text :
       {"", " ", "A B", "A\n", "A,B", "A@B", "A'B", "A\"B", "A\\B", "A;B", "A%2F", "A*", "A(B)",
        "\x7f", "\xc3\x84", "123456789012345678901234567890123"})
    EXPECT_FALSE(symbol::valid(text)) << text;
  EXPECT_FALSE(symbol::valid(std::string_view("A\0", 2)));
}

TEST(Symbol, KeepsItsText) {
  const symbol s = symbol::parse("BTC/USD").value();
  EXPECT_EQ(s.view(), "BTC/USD");
  EXPECT_EQ(s.str(), "BTC/USD");
  EXPECT_FALSE(s.empty());
  EXPECT_TRUE(symbol{}.empty());
  EXPECT_EQ(symbol{}.view(), "");
}

TEST(Symbol, NamesTheTextItRefuses) {
  EXPECT_EQ(symbol::parse("A B").failure(),
            (error{errc::symbol_invalid,
                   "symbol \"A B\" (3 bytes): 1 to 32 characters of A-Za-z0-9._:/=^&+-"}));
  EXPECT_EQ(symbol::parse(std::string(99, '\n')).failure().detail,
            "symbol \"????????????????????????????????????????\" (99 bytes): 1 to 32 characters of "
            "A-Za-z0-9._:/=^&+-");
}

TEST(Symbol, SortsAndHashesByItsText) {
  const symbol a = symbol::parse("A").value();
  const symbol ab = symbol::parse("AB").value();
  const symbol b = symbol::parse("B").value();
  EXPECT_LT(a, ab);
  EXPECT_LT(ab, b);
  EXPECT_EQ(a, symbol::parse("A").value());
  EXPECT_NE(a, symbol::parse("a").value());
  std::unordered_map<symbol, int> prices{{a, 1}, {ab, 2}};
  EXPECT_EQ(prices.at(symbol::parse("AB").value()), 2);
}

TEST(TopicPartition, IsWrittenForPeople) {
  EXPECT_EQ((topic_partition{"price-ticks", 3}).to_string(), "price-ticks/3");
}

TEST(TopicPartition, SortsByTopicThenPartition) {
  EXPECT_LT((topic_partition{"a", 9}), (topic_partition{"b", 0}));
  EXPECT_LT((topic_partition{"a", 2}), (topic_partition{"a", 10}));
}

// Two numbers of different meaning must not meet.
static_assert(!std::is_convertible_v<next_offset, record_offset>);
static_assert(!std::is_convertible_v<std::int64_t, next_offset>);
static_assert(!std::is_convertible_v<next_offset, std::int64_t>);
static_assert(!std::is_constructible_v<epoch, sequence>);
static_assert(std::is_constructible_v<epoch, std::int64_t>);
static_assert(std::is_same_v<connection_id::rep, std::uint64_t>);
static_assert(next_offset{}.value() == 0);

TEST(Strong, ComparesAndHashesByValue) {
  EXPECT_LT(generation{1}, generation{2});
  EXPECT_EQ(generation{2}, generation{2});
  std::unordered_map<connection_id, int> by_id{{connection_id{7}, 1}};
  EXPECT_EQ(by_id.count(connection_id{7}), 1U);
  EXPECT_EQ(by_id.count(connection_id{8}), 0U);
}

TEST(StreamPosition, SortsByEpochFirst) {
  EXPECT_LT((stream_position{epoch{1}, sequence{900}}), (stream_position{epoch{2}, sequence{1}}));
  EXPECT_LT((stream_position{epoch{2}, sequence{1}}), (stream_position{epoch{2}, sequence{2}}));
}

} // namespace
} // namespace tradepulse
