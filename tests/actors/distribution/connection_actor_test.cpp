#include "actors/distribution/connection_actor.hpp"

#include <gtest/gtest.h>

#include "tests/actors/distribution/connection_world.hpp"

namespace tradepulse {
namespace {

using samples::connection_world;
using samples::integer;
using samples::member;
using samples::named;
using samples::pos;

using texts = std::vector<std::string>;

struct ConnectionActor : testing::Test {
  connection_world world;
};

std::vector<std::string> members(const texts& messages, std::string_view key) {
  std::vector<std::string> out;
  for (const auto& each : messages)
    out.push_back(member(each, key).value_or("-"));
  return out;
}

// --- subscribe -------------------------------------------------------------------------------

TEST_F(ConnectionActor, AnswersASubscriptionWithPositionSnapshotAndWhatFollows) {
  world.known("A", pos(2, 5));
  auto& client = world.connect();
  world.subscribe(client, {"A"}, "7");
  world.run();
  world.tick("A", 2, 6, 6);
  EXPECT_EQ(world.read(client),
            (texts{R"({"type":"subscribed","id":7,"symbols":["A"],"positions":[{"symbol":"A",)"
                   R"("stream":"price","known":true,"epoch":2,"seq":5,"recovered":false}]})",
                   R"({"type":"price_update","snapshot":true,"data":{"symbol":"A","price":105,)"
                   R"("volume":null,"timestamp":1723161256005,"sequence":5,"epoch":2}})",
                   R"({"type":"price_update","data":{"symbol":"A","price":106,"volume":null,)"
                   R"("timestamp":1723161256006,"sequence":6,"epoch":2}})"}));
  EXPECT_EQ(client.card->state(), "open, 1 subscriptions");
}

TEST_F(ConnectionActor, SaysThatASymbolIsUnknownAndBringsItsFirstTick) {
  auto& client = world.connect();
  world.subscribe(client, {"NEW"});
  EXPECT_EQ(world.read(client),
            (texts{R"({"type":"subscribed","symbols":["NEW"],"positions":[{"symbol":"NEW",)"
                   R"("stream":"price","known":false,"epoch":0,"seq":0,"recovered":false}]})"}));
  world.tick("NEW", 1, 1, 1);
  EXPECT_EQ(members(world.read(client), "sequence"), (texts{"1"}));
}

TEST_F(ConnectionActor, RefusesASymbolBeyondTheBoundOnThoseNobodyHasSeen) {
  connection_world small{1};
  small.known("A", pos(1, 5));
  auto& client = small.connect();
  small.subscribe(client, {"NEW", "NEWER", "A"}, "1");
  const auto got = small.read(client);
  ASSERT_EQ(got.size(), 3u);
  EXPECT_EQ(got[0],
            R"x({"type":"error","id":1,"code":1007,"message":"NEWER: too many symbols that )x"
            R"x(nobody has seen (symbols.max_unknown)","retryable":false})x");
  EXPECT_NE(got[1].find(R"("symbols":["NEW","A"])"), std::string::npos) << got[1];
  EXPECT_EQ(small.entry("NEWER"), nullptr);
}

TEST_F(ConnectionActor, RefusesASubscriptionBeyondItsLimitAndKeepsTheOthers) {
  auto& client = world.connect(2);
  world.subscribe(client, {"A", "B"});
  world.read(client);
  world.subscribe(client, {"C"}, "2");
  EXPECT_EQ(world.read(client),
            (texts{R"x({"type":"error","id":2,"code":1007,"message":"C: a connection has at most )x"
                   R"x(2 subscriptions (limits.subscriptions)","retryable":false})x"}));
  world.subscribe(client, {"A"}); // not a new one
  EXPECT_EQ(members(world.read(client), "type"), (texts{"subscribed"}));
  EXPECT_EQ(world.interest("C"), 0u);
}

TEST_F(ConnectionActor, HasRoomAgainAfterAnUnsubscription) {
  auto& client = world.connect(1);
  world.subscribe(client, {"A"});
  world.unsubscribe(client, {"A"});
  world.subscribe(client, {"B"});
  EXPECT_EQ(members(world.read(client), "type"),
            (texts{"subscribed", "unsubscribed", "subscribed"}));
  EXPECT_EQ(world.interest("A"), 0u);
  EXPECT_EQ(world.interest("B"), 1u);
}

TEST_F(ConnectionActor, BeginsASecondSubscriptionToTheSameStreamAnewAndCountsItOnce) {
  world.known("A", pos(1, 5));
  auto& client = world.connect();
  world.subscribe(client, {"A"}, "1");
  world.run();
  world.tick("A", 1, 6, 6);
  world.subscribe(client, {"A"}, "2");
  world.run();
  world.tick("A", 1, 7, 7);
  const auto got = world.read(client);
  EXPECT_EQ(members(got, "type"), (texts{"subscribed", "price_update", "price_update", "subscribed",
                                         "price_update", "price_update"}));
  EXPECT_EQ(members(got, "snapshot"), (texts{"-", "true", "-", "-", "true", "-"}));
  EXPECT_EQ(integer(got[4], "sequence"), 6);
  EXPECT_EQ(integer(got[5], "sequence"), 7);
  EXPECT_EQ(world.interest("A"), 1u);
  EXPECT_EQ(client.card->state(), "open, 1 subscriptions");
}

TEST_F(ConnectionActor, NamesEachMemberItCannotServeAndServesTheRest) {
  auto& client = world.connect();
  world.say(client, subscribe_request{"9",
                                      {named("A")},
                                      {stream_kind::price},
                                      {{errc::symbol_invalid, "symbol \"A B\": a space"},
                                       {errc::unsupported, "\"since\" is not supported"}}});
  const auto got = world.read(client);
  ASSERT_EQ(got.size(), 3u);
  EXPECT_EQ(got[0], R"({"type":"error","id":9,"code":1004,"message":"symbol \"A B\": a space",)"
                    R"("retryable":false})");
  EXPECT_EQ(integer(got[1], "code"), 1003);
  EXPECT_EQ(member(got[2], "type"), "subscribed");
}

TEST_F(ConnectionActor, SubscribesToNothingWhereNoStreamCanBeServed) {
  auto& client = world.connect();
  world.say(client, subscribe_request{
                        "9", {named("A")}, {}, {{errc::unsupported, "stream \"trade\": no"}}});
  EXPECT_EQ(members(world.read(client), "type"), (texts{"error"}));
  EXPECT_EQ(world.interest("A"), 0u);
}

TEST_F(ConnectionActor, SubscribesToNothingWhereNoSymbolIsValid) {
  auto& client = world.connect();
  world.say(client, subscribe_request{"9",
                                      {},
                                      {stream_kind::price},
                                      {{errc::symbol_invalid, "symbol \"A B\": a space"},
                                       {errc::symbol_invalid, "symbol \"\": empty"}}});
  const auto got = world.read(client);
  EXPECT_EQ(members(got, "type"), (texts{"error", "error"})); // no `subscribed` of nothing
  EXPECT_EQ(members(got, "id"), (texts{"9", "9"}));
}

TEST_F(ConnectionActor, CountsTheSymbolsOfOneRequestAgainstTheLimitToo) {
  auto& client = world.connect(2);
  world.subscribe(client, {"A", "B", "C"}, "1");
  const auto got = world.read(client);
  EXPECT_EQ(members(got, "type"), (texts{"error", "subscribed"}));
  EXPECT_NE(got[1].find(R"("symbols":["A","B"])"), std::string::npos) << got[1];
  world.subscribe(client, {"A", "B"}, "2"); // both anew: not beyond it
  EXPECT_EQ(members(world.read(client), "type"), (texts{"subscribed"}));
  EXPECT_EQ(world.interest("C"), 0u);
}

TEST_F(ConnectionActor, NamesTheFirstOfManySymbolsItRefusesAndCountsTheRest) {
  std::vector<std::string> names;
  for (int i = 0; i < 500; ++i)
    names.push_back("S" + std::to_string(i));
  auto& client = world.connect(1);
  world.subscribe(client, {names.begin(), names.end()}, "1");
  auto got = world.read(client);
  ASSERT_EQ(got.size(), 18u); // 16 errors, the rest, and what was served
  EXPECT_EQ(got[15].find("S16: a connection has at most 1"), got[15].find("S16"));
  EXPECT_EQ(got[16],
            R"({"type":"error","id":1,"code":1007,"message":"483 more symbols were refused )"
            R"(as well; the first 16 were named","retryable":false})");
  EXPECT_EQ(member(got[17], "type"), "subscribed");
  world.unsubscribe(client, {names.begin(), names.end()}, "2");
  got = world.read(client);
  ASSERT_EQ(got.size(), 18u);
  EXPECT_EQ(integer(got[16], "code"), 1011);
  EXPECT_EQ(got[17], R"({"type":"unsubscribed","id":2,"symbols":["S0"]})");
}

TEST_F(ConnectionActor, IsClosedWhereItGoesOnAskingBeyondItsLimit) {
  auto& client = world.connect(1);
  world.subscribe(client, {"A"});
  for (int i = 0; i < 16; ++i)
    world.subscribe(client, {"B"});
  world.run();
  EXPECT_TRUE(client.closed.empty());
  world.subscribe(client, {"B"});
  world.subscribe(client, {"B"}); // on its way already: not heard
  EXPECT_EQ(world.read(client).size(), 18u);
  ASSERT_EQ(client.closed.size(), 1u);
  EXPECT_EQ(client.closed[0].first, close_code::too_many_subscriptions);
  EXPECT_EQ(client.closed[0].second,
            "17 requests beyond limits.subscriptions = 1, one after the other");
}

TEST_F(ConnectionActor, StaysWhereRequestsWithinItsLimitComeBetween) {
  auto& client = world.connect(1);
  for (int i = 0; i < 40; ++i) {
    world.subscribe(client, {"A", "B"});
    if (i % 10 == 9)
      world.subscribe(client, {"A"});
  }
  EXPECT_EQ(world.read(client).size(), 84u); // an error and `subscribed`, 40 times; four more
  EXPECT_TRUE(client.closed.empty());
}

TEST_F(ConnectionActor, GetsItsSnapshotAsSoonAsAClaimHasBroughtThePartitionBack) {
  world.known("A", pos(1, 5));
  auto& client = world.connect();
  world.directory.set_assignment({});
  world.subscribe(client, {"A"});
  EXPECT_EQ(members(world.read(client), "type"), (texts{"subscribed", "error"}));
  world.directory.set_assignment({{"p", 0}});
  EXPECT_TRUE(world.read(client).empty()); // nobody has claimed it yet
  world.known("A", pos(1, 5));
  const auto got = world.read(client);
  EXPECT_EQ(members(got, "snapshot"), (texts{"true"}));
  EXPECT_EQ(members(got, "sequence"), (texts{"5"}));
}

TEST_F(ConnectionActor, GetsTheNewerSnapshotAloneWhereThePartitionComesBackFurtherOn) {
  world.known("A", pos(1, 5));
  auto& client = world.connect();
  world.directory.set_assignment({});
  world.subscribe(client, {"A"});
  world.read(client);
  world.directory.set_assignment({{"p", 0}});
  world.known("A", pos(1, 9));
  const auto got = world.read_all(client);
  EXPECT_EQ(members(got, "type"), (texts{"gap", "price_update"}));
  EXPECT_EQ(integer(got[1], "sequence"), 9);
}

TEST_F(ConnectionActor, IsAnsweredAlthoughTheSymbolsActorDies) {
  world.known("A", pos(1, 5));
  auto actor = caf::actor_cast<caf::actor>(world.directory.actor_for(named("A"), {"p", 0}));
  world.run();
  auto& client = world.connect();
  world.subscribe(client, {"A"});
  while (world.interest("A") == 0)
    ASSERT_TRUE(world.scheduler.try_run_once());
  caf::anon_send<caf::message_priority::high>(
      actor, caf::exit_msg{actor.address(), caf::exit_reason::kill});
  EXPECT_EQ(members(world.read(client), "type"), (texts{"subscribed", "price_update"}));
}

// --- unsubscribe, list, ping -----------------------------------------------------------------

TEST_F(ConnectionActor, SendsNothingOfWhatWasLeft) {
  world.known("A", pos(1, 5));
  world.known("B", pos(1, 5));
  auto& client = world.connect();
  world.subscribe(client, {"A", "B"});
  world.read(client);
  world.unsubscribe(client, {"A"}, "\"u\"");
  EXPECT_EQ(world.read(client), (texts{R"({"type":"unsubscribed","id":"u","symbols":["A"]})"}));
  world.tick("A", 1, 6, 6);
  world.tick("B", 1, 6, 6);
  EXPECT_EQ(members(world.read(client), "symbol"), (texts{"B"}));
  EXPECT_EQ(world.interest("A"), 0u);
}

TEST_F(ConnectionActor, NamesWhatWasNotSubscribedAndLeavesTheRest) {
  auto& client = world.connect();
  world.subscribe(client, {"A"});
  world.read(client);
  world.unsubscribe(client, {"B", "A"}, "3");
  const auto got = world.read(client);
  ASSERT_EQ(got.size(), 2u);
  EXPECT_EQ(got[0], R"({"type":"error","id":3,"code":1011,"message":"B: not subscribed",)"
                    R"("retryable":false})");
  EXPECT_EQ(got[1], R"({"type":"unsubscribed","id":3,"symbols":["A"]})");
  world.unsubscribe(client, {"A"});
  EXPECT_EQ(members(world.read(client), "type"), (texts{"error"}));
}

TEST_F(ConnectionActor, ListsItsSubscriptionsAndNoOtherClients) {
  auto& client = world.connect();
  auto& other = world.connect();
  world.subscribe(client, {"B", "A"});
  world.subscribe(other, {"C"});
  world.read(client);
  world.say(client, list_request{"5"});
  EXPECT_EQ(world.read(client),
            (texts{R"({"type":"subscriptions","id":5,"subscriptions":[)"
                   R"({"symbol":"A","stream":"price"},{"symbol":"B","stream":"price"}],)"
                   R"("count":2})"}));
}

TEST_F(ConnectionActor, AnswersAPingAndNotAPong) {
  auto& client = world.connect();
  world.say(client, ping_message{"1"});
  world.say(client, pong_message{});
  const auto got = world.read(client);
  ASSERT_EQ(got.size(), 1u);
  EXPECT_EQ(member(got[0], "type"), "pong");
  EXPECT_EQ(member(got[0], "id"), "1");
}

TEST_F(ConnectionActor, AnswersABadMessageWithAnErrorAndStays) {
  auto& client = world.connect();
  world.say(client, invalid_request{"4", errc::unknown_message, "type \"x\" is not known"});
  EXPECT_EQ(world.read(client), (texts{R"({"type":"error","id":4,"code":1002,"message":)"
                                       R"("type \"x\" is not known","retryable":false})"}));
  EXPECT_TRUE(client.closed.empty());
}

// --- the end ---------------------------------------------------------------------------------

TEST_F(ConnectionActor, GivesItsInterestBackWhenTheClientIsGone) {
  world.known("A", pos(1, 5));
  auto& client = world.connect();
  auto& other = world.connect();
  world.subscribe(client, {"A", "NEW"});
  world.subscribe(other, {"A"});
  world.run();
  world.hang_up(client);
  world.run();
  EXPECT_EQ(world.interest("A"), 1u);
  EXPECT_EQ(world.entry("NEW"), nullptr); // it counted against the bound
  EXPECT_TRUE(client.closed.empty());     // nobody to close
}

TEST_F(ConnectionActor, MayEndWhileAJoinIsUnderWay) {
  world.known("A", pos(1, 5));
  auto& client = world.connect();
  auto& other = world.connect();
  world.subscribe(other, {"A"});
  world.subscribe(client, {"A"});
  while (world.interest("A") < 2) // the answers are on their way to the table
    ASSERT_TRUE(world.scheduler.try_run_once());
  world.hang_up(client);
  world.run();
  EXPECT_TRUE(world.read(client).empty());
  EXPECT_EQ(members(world.read(other), "type"), (texts{"subscribed", "price_update"}));
  EXPECT_EQ(world.interest("A"), 1u);
}

TEST_F(ConnectionActor, ClosesTheConnectionWhereItDiesItself) {
  auto& client = world.connect();
  caf::anon_send_exit(client.actor, caf::exit_reason::unhandled_exception);
  world.run();
  ASSERT_EQ(client.closed.size(), 1u);
  EXPECT_EQ(client.closed[0].first, close_code::internal);
}

TEST_F(ConnectionActor, GivesItsInterestBackWhereItDiesItself) {
  world.known("A", pos(1, 5));
  auto& client = world.connect();
  world.subscribe(client, {"A", "NEW"});
  world.run();
  caf::anon_send_exit(client.actor, caf::exit_reason::unhandled_exception);
  world.run();
  EXPECT_EQ(world.interest("A"), 0u);
  EXPECT_EQ(world.entry("NEW"), nullptr);
  world.hang_up(client); // the close that it asked for
  world.run();
  EXPECT_EQ(world.interest("A"), 0u);
}

// --- an outbox that is full ------------------------------------------------------------------

TEST_F(ConnectionActor, MergesWhatASlowClientDoesNotTakeAndGoesOnWhenItReads) {
  world.known("A", pos(1, 5));
  world.known("B", pos(1, 5));
  auto& client = world.connect(10, 900);
  auto& other = world.connect();
  for (auto* each : {&client, &other})
    world.subscribe(*each, {"A", "B"});
  world.read(client);
  world.read(other);
  client.out->refuse_next = 1;
  for (std::int64_t seq = 6; seq <= 20; ++seq)
    world.tick("A", 1, seq, seq);
  world.tick("B", 1, 6, 6); // there is room for it
  EXPECT_EQ(world.read(other).size(), 16u);
  auto got = world.read(client);
  EXPECT_EQ(members(got, "symbol"), (texts{"B"}));
  got = world.read(client);
  ASSERT_EQ(got.size(), 1u);
  EXPECT_EQ(integer(got[0], "first_seq"), 6);
  EXPECT_EQ(integer(got[0], "sequence"), 20);
  EXPECT_EQ(integer(got[0], "n"), 15);
  EXPECT_EQ(member(got[0], "l"), "106");
  EXPECT_EQ(member(got[0], "h"), "120");
  world.tick("A", 1, 21, 21);
  got = world.read(client);
  ASSERT_EQ(got.size(), 1u);
  EXPECT_EQ(integer(got[0], "sequence"), 21);
  EXPECT_TRUE(client.closed.empty());
}

TEST_F(ConnectionActor, ForgetsWhatWaitsForASubscriptionThatIsLeft) {
  world.known("A", pos(1, 5));
  auto& client = world.connect();
  world.subscribe(client, {"A"});
  world.read(client);
  client.out->refuse_next = 1;
  world.tick("A", 1, 6, 9);
  world.unsubscribe(client, {"A"});
  EXPECT_EQ(members(world.read_all(client), "type"), (texts{"unsubscribed"}));
}

TEST_F(ConnectionActor, SendsAnAnswerThatDidNotFitWhenTheOutboxHasDrained) {
  auto& client = world.connect();
  client.out->refuse_next = 1;
  world.say(client, ping_message{"1"});
  world.run();
  EXPECT_EQ(client.out->refused, 1);
  world.read(client); // nothing yet, but it drains
  EXPECT_EQ(members(world.read(client), "id"), (texts{"1"}));
  EXPECT_TRUE(client.closed.empty());
}

TEST_F(ConnectionActor, AnswersInTheOrderOfTheRequestsThroughAFullOutbox) {
  auto& client = world.connect();
  client.out->refuse_next = 1; // the first; there is room for the others
  for (const char* id : {"1", "2", "3"})
    world.say(client, ping_message{id});
  auto got = world.read(client);
  EXPECT_TRUE(got.empty());
  client.out->refuse_next = 2; // twice more it is full again
  world.say(client, ping_message{"4"});
  got = world.read_all(client);
  for (int i = 0; i < 3; ++i) {
    const auto more = world.read_all(client);
    got.insert(got.end(), more.begin(), more.end());
  }
  EXPECT_EQ(members(got, "id"), (texts{"1", "2", "3", "4"}));
}

TEST_F(ConnectionActor, KeepsLaterAnswersBehindASubscriptionThatDidNotFit) {
  world.known("A", pos(1, 5));
  auto& client = world.connect();
  client.out->refuse_next = 1;
  world.subscribe(client, {"A"}, "1");
  world.run();
  world.say(client, list_request{"2"});
  world.unsubscribe(client, {"B"}, "3");
  world.subscribe(client, {"A"}, "4");
  EXPECT_TRUE(world.read(client).empty());
  const auto got = world.read_all(client);
  EXPECT_EQ(members(got, "id"), (texts{"1", "2", "3", "4", "-"}));
  EXPECT_EQ(members(got, "type"),
            (texts{"subscribed", "subscriptions", "error", "subscribed", "price_update"}));
}

TEST_F(ConnectionActor, ClosesAClientThatSubscribesAndDoesNotRead) {
  world.waiting_answers_bytes = 4'000;
  auto& client = world.connect();
  client.out->refuse_next = 1'000;
  for (int i = 0; i < 200; ++i)
    world.subscribe(client, {"A", "B"});
  world.run();
  ASSERT_EQ(client.closed.size(), 1u);
  EXPECT_EQ(client.closed[0].first, close_code::slow_consumer);
}

TEST_F(ConnectionActor, HoldsOneAnswerHoweverLongItIs) {
  world.waiting_answers_bytes = 400;
  std::vector<std::string> names;
  for (int i = 0; i < 100; ++i)
    names.push_back("S" + std::to_string(i));
  auto& client = world.connect(100);
  world.subscribe(client, {names.begin(), names.end()});
  world.read(client);
  client.out->refuse_next = 1;
  world.say(client, list_request{});
  world.read(client);
  EXPECT_EQ(members(world.read(client), "type"), (texts{"subscriptions"}));
  EXPECT_TRUE(client.closed.empty());
}

TEST_F(ConnectionActor, ClosesAClientThatAsksAndDoesNotRead) {
  world.waiting_answers_bytes = 400;
  auto& client = world.connect();
  client.out->refuse_next = 1'000;
  for (int i = 0; i < 100; ++i)
    world.say(client, list_request{});
  world.run();
  ASSERT_FALSE(client.closed.empty());
  EXPECT_EQ(client.closed[0].first, close_code::slow_consumer);
  EXPECT_NE(client.card->last_error(), "");
}

} // namespace
} // namespace tradepulse
