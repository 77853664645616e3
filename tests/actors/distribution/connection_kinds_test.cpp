#include <gtest/gtest.h>

#include "tests/actors/distribution/connection_world.hpp"

// A client with streams that are not prices, through its connection actor.
namespace tradepulse {
namespace {

using samples::connection_world;
using samples::integer;
using samples::member;
using samples::named;
using samples::pos;

using texts = std::vector<std::string>;

texts members(const texts& messages, std::string_view key) {
  texts out;
  for (const auto& each : messages)
    out.push_back(member(each, key).value_or("-"));
  return out;
}

const std::vector<stream_kind> price_and_trade{stream_kind::price, stream_kind::trade};
const std::vector<stream_kind> only_trade{stream_kind::trade};

struct ConnectionKinds : testing::Test {
  void subscribe(connection_world::client& who, std::string_view name,
                 const std::vector<stream_kind>& streams) {
    world.say(who, subscribe_request{"1", {named(name)}, streams, {}});
  }
  connection_world world; // without a journal; rings of 16
};

TEST_F(ConnectionKinds, SubscribeToEachStreamByItself) {
  auto& client = world.connect();
  world.record_trades("A", 0, 3);
  subscribe(client, "A", price_and_trade);
  EXPECT_EQ(world.read(client),
            (texts{R"({"type":"subscribed","id":1,"symbols":["A"],"positions":[)"
                   R"({"symbol":"A","stream":"price","known":false,"epoch":0,"seq":0,)"
                   R"("recovered":false},{"symbol":"A","stream":"trade","known":true,"epoch":1,)"
                   R"("seq":3,"recovered":false}]})"}));
  world.record_trades("A", 3, 1);
  world.record("A", 4, 1);
  EXPECT_EQ(members(world.read(client), "type"), (texts{"trade", "price_update"}));
  EXPECT_EQ(client.card->state(), "open, 2 subscriptions");
}

TEST_F(ConnectionKinds, ListAndLeaveStreamsNotSymbols) {
  auto& client = world.connect();
  subscribe(client, "A", price_and_trade);
  world.read(client);
  world.say(client, list_request{"2"});
  EXPECT_EQ(world.read(client),
            (texts{R"({"type":"subscriptions","id":2,"subscriptions":[)"
                   R"({"symbol":"A","stream":"price"},{"symbol":"A","stream":"trade"}],)"
                   R"("count":2})"}));
  world.say(client, unsubscribe_request{"3", {named("A")}, only_trade, {}});
  EXPECT_EQ(world.read(client),
            (texts{R"({"type":"unsubscribed","id":3,"symbols":["A"],"streams":["trade"]})"}));
  world.record_trades("A", 0, 1);
  world.record("A", 1, 1);
  EXPECT_EQ(members(world.read(client), "type"), (texts{"price_update"}));
  world.say(client, unsubscribe_request{"4", {named("A")}, price_and_trade, {}});
  EXPECT_EQ(world.read(client),
            (texts{R"({"type":"error","id":4,"code":1011,"message":"A trade: not subscribed",)"
                   R"("retryable":false})",
                   R"({"type":"unsubscribed","id":4,"symbols":["A"]})"}));
}

TEST_F(ConnectionKinds, NameWhatWasLeftAndNotWhatWasNever) {
  auto& client = world.connect();
  subscribe(client, "A", {stream_kind::price});
  subscribe(client, "B", only_trade);
  world.read(client);
  world.say(client, unsubscribe_request{"2", {named("A"), named("B")}, price_and_trade, {}});
  EXPECT_EQ(world.read(client),
            (texts{R"({"type":"error","id":2,"code":1011,"message":"A trade: not subscribed",)"
                   R"("retryable":false})",
                   R"({"type":"error","id":2,"code":1011,"message":"B: not subscribed",)"
                   R"("retryable":false})",
                   R"({"type":"unsubscribed","id":2,"symbols":["A","B"],"subscriptions":[)"
                   R"({"symbol":"A","stream":"price"},{"symbol":"B","stream":"trade"}]})"}));
  EXPECT_EQ(client.card->state(), "open, 0 subscriptions");
}

TEST_F(ConnectionKinds, CountEachStreamAgainstTheLimit) {
  auto& client = world.connect(1);
  subscribe(client, "A", price_and_trade);
  const auto got = world.read(client);
  ASSERT_EQ(got.size(), 2u);
  EXPECT_NE(got[0].find("A trade: a connection has at most 1 subscriptions"), std::string::npos);
  EXPECT_EQ(member(got[1], "stream"), "price");
}

// --- a slow reader -----------------------------------------------------------------------------

TEST_F(ConnectionKinds, BringASlowClientEveryTradeAndOnePrice) {
  auto& slow = world.connect(10, 900);
  auto& other = world.connect();
  for (auto* each : {&slow, &other}) {
    subscribe(*each, "A", price_and_trade);
    world.read(*each);
  }
  slow.out->refuse_next = 2;
  world.record_trades("A", 0, 1);
  world.record("A", 1, 1);
  for (int i = 2; i < 12; ++i) {
    world.record_trades("A", i, 1);
    world.record("A", i, 1);
  }
  EXPECT_EQ(world.read(other).size(), 22u); // nobody else notices
  const auto got = world.read_all(slow);
  texts trades;
  texts prices;
  for (const auto& each : got)
    (member(each, "type") == "trade" ? trades : prices).push_back(each);
  EXPECT_EQ(members(trades, "sequence"),
            (texts{"1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11"}));
  EXPECT_EQ(members(trades, "price")[10], "111");
  ASSERT_EQ(prices.size(), 1u);
  EXPECT_EQ(integer(prices[0], "n"), 11);
  world.record_trades("A", 12, 1); // live again
  EXPECT_EQ(members(world.read(slow), "sequence"), (texts{"12"}));
  EXPECT_TRUE(slow.closed.empty());
}

TEST_F(ConnectionKinds, SendASlowClientAwayWithThePositionToComeBackWith) {
  world.lossless_bytes = 2'000;
  auto& slow = world.connect();
  auto& other = world.connect();
  for (auto* each : {&slow, &other}) {
    subscribe(*each, "A", price_and_trade);
    world.read(*each);
  }
  world.record_trades("A", 0, 4);
  world.read(other);
  EXPECT_EQ(world.read(slow).size(), 4u);
  slow.out->refuse_next = 1'000;
  std::int64_t next = 4;
  std::vector<std::shared_ptr<ingest_range>> uncommitted; // the ring alone would not hold them
  while (slow.closed.empty() && next < 100)
    uncommitted.push_back(world.record_trades("A", next++, 1));
  EXPECT_EQ(next, 15); // the eleventh of about 180 bytes
  ASSERT_EQ(slow.closed.size(), 1u);
  EXPECT_EQ(slow.closed[0].first, close_code::slow_consumer);
  EXPECT_EQ(slow.closed[0].second,
            R"({"retry_after_ms":1000,"symbol":"A","stream":"trade","epoch":1,"seq":4})");
  EXPECT_EQ(slow.card->last_error(),
            "slow consumer: the bound of what may wait was reached by A trade");
  uncommitted.push_back(world.record_trades("A", next++, 1));
  EXPECT_EQ(slow.closed.size(), 1u); // said once
  EXPECT_EQ(world.read(other).size(), 12u);
  EXPECT_TRUE(other.closed.empty());

  // It comes back with what it was told: nothing is missing, nothing comes twice.
  auto& again = world.connect();
  world.say(again, subscribe_request{{}, {named("A")}, only_trade, {}, {pos(1, 4)}});
  const auto got = world.read_all(again);
  EXPECT_EQ(members(got, "sequence"),
            (texts{"-", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15", "16"}));
}

TEST_F(ConnectionKinds, KeepNothingForAClientThatHasLeftThem) {
  world.lossless_bytes = 2'000;
  auto& slow = world.connect();
  subscribe(slow, "A", only_trade);
  world.read(slow);
  for (int round = 0; round < 10; ++round) { // more than the bound, but never at one time
    slow.out->refuse_next = 1;
    world.record_trades("A", 10 * round, 5);
    world.say(slow, unsubscribe_request{"u", {named("A")}, only_trade, {}});
    subscribe(slow, "A", only_trade);
    world.run();
    world.read_all(slow);
  }
  EXPECT_TRUE(slow.closed.empty());
}

// --- coming back -------------------------------------------------------------------------------

TEST_F(ConnectionKinds, ComeBackToEachStreamWithAPositionOfItsOwn) {
  world.record("A", 0, 5);
  world.record_trades("A", 5, 3);
  auto& client = world.connect();
  world.say(client,
            subscribe_request{{}, {named("A")}, price_and_trade, {}, {pos(1, 4), pos(1, 1)}});
  const auto got = world.read_all(client);
  ASSERT_EQ(got.size(), 4u);
  EXPECT_NE(got[0].find(R"("stream":"price","known":true,"epoch":1,"seq":5,"recovered":true)"),
            std::string::npos)
      << got[0];
  EXPECT_NE(got[0].find(R"("stream":"trade","known":true,"epoch":1,"seq":3,"recovered":true)"),
            std::string::npos)
      << got[0];
  EXPECT_EQ(members({got.begin() + 1, got.end()}, "sequence"), (texts{"5", "2", "3"}));
}

} // namespace
} // namespace tradepulse
