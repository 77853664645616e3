#include "tests/actors/distribution/returning_world.hpp"
#include "tests/actors/support/kinds.hpp"

// What the delivery table does with streams that are not prices.
namespace tradepulse::delivery_testing {
namespace {

using samples::burst_of_kind;
using samples::head_of;

const stream_key prices{named("A")};
const stream_key trades{named("A"), stream_kind::trade};
const stream_key quotes{named("A"), stream_kind::quote};

struct StreamKinds : DeliveryTable {
  // Streams get the indexes 0, 1, 2 ...
  void ask(connection_id who, std::uint64_t group, const std::vector<stream_key>& streams) {
    open_group request{who, group, std::to_string(group), {}};
    for (std::uint32_t i = 0; i < streams.size(); ++i)
      request.members.push_back({stream_index{i}, streams[i]});
    table.open(request);
  }
  void stands(connection_id who, std::uint32_t index, head_ptr head, bool away = false) {
    table.joined({who, 1, stream_index{index}, std::move(head), away});
  }
  // Alice and Bob have the trades of A up to 1/5, and Alice those of B.
  void subscribe_to_trades() {
    ask(alice, 1, {trades, {named("B"), stream_kind::trade}});
    ask(bob, 1, {trades});
    stands(alice, 0, head_of("A", stream_kind::trade, pos(1, 5)));
    stands(alice, 1, head_of("B", stream_kind::trade, pos(1, 5)));
    stands(bob, 0, head_of("A", stream_kind::trade, pos(1, 5)));
    at_alice.out->drained();
    at_bob.out->drained();
  }
  static burst_ptr trade(std::int64_t first, std::int64_t last, std::uint32_t index = 0) {
    return burst_of_kind(stream_kind::trade, index, index == 0 ? "A" : "B", 1, first, last);
  }
  static kept_frames piece(const burst_ptr& burst) {
    return {burst->encoded(false).from(0),
            {burst->epoch(), burst->last()},
            static_cast<std::uint32_t>(burst->count()),
            0};
  }
  static handed_item kept(std::vector<kept_frames> pieces, std::uint32_t index = 0) {
    handed_item out;
    out.index = stream_index{index};
    out.group = 1;
    out.through = pieces.back().through;
    out.kept = std::move(pieces);
    return out;
  }
};

// --- joining -----------------------------------------------------------------------------------

TEST_F(StreamKinds, AreJoinedWithTheirPositionsAndOnlyAPriceWithASnapshot) {
  ask(alice, 1, {prices, trades, quotes});
  stands(alice, 0, stands_at("A", pos(2, 5)));
  stands(alice, 1, head_of("A", stream_kind::trade, pos(1, 9)));
  stands(alice, 2, nullptr);
  const auto got = at_alice.read();
  ASSERT_EQ(got.size(), 2u);
  EXPECT_EQ(got[0],
            R"({"type":"subscribed","id":1,"symbols":["A"],"positions":[)"
            R"({"symbol":"A","stream":"price","known":true,"epoch":2,"seq":5,"recovered":false},)"
            R"({"symbol":"A","stream":"trade","known":true,"epoch":1,"seq":9,"recovered":false},)"
            R"({"symbol":"A","stream":"quote","known":false,"epoch":0,"seq":0,)"
            R"("recovered":false}]})");
  EXPECT_EQ(member(got[1], "snapshot"), "true");
  table.deliver(burst_of_kind(stream_kind::trade, 1, "A", 1, 9, 10));
  table.deliver(burst_of_kind(stream_kind::quote, 2, "A", 1, 1, 1));
  const auto live = at_alice.read();
  ASSERT_EQ(live.size(), 2u);
  EXPECT_EQ(live[0],
            R"({"type":"trade","data":{"symbol":"A","stream":"trade","epoch":1,"sequence":10,)"
            R"("timestamp":1723161256010,"price":110,"size":10,"side":"buy","trade_id":10}})");
  EXPECT_EQ(member(live[1], "type"), "quote");
}

TEST_F(StreamKinds, JoinBehindWhatCameBeforeTheAnswer) {
  ask(alice, 1, {trades, prices});
  stands(alice, 0, head_of("A", stream_kind::trade, pos(1, 5)));
  table.deliver(trade(6, 8));
  stands(alice, 1, nullptr);
  table.deliver(trade(8, 9));
  const auto got = at_alice.read();
  ASSERT_EQ(got.size(), 2u);
  EXPECT_EQ(integer(got[0], "seq"), 8);
  EXPECT_EQ(integer(got[1], "sequence"), 9);
}

TEST_F(StreamKinds, AreNamedByTheErrorWhereTheirPartitionIsAwayAtTheJoin) {
  ask(alice, 1, {trades, prices});
  stands(alice, 0, head_of("A", stream_kind::trade, pos(1, 5)), true);
  stands(alice, 1, stands_at("A", pos(1, 5)), true);
  const auto got = at_alice.read();
  ASSERT_EQ(got.size(), 3u);
  EXPECT_EQ(integer(got[1], "code"), 1006);
  EXPECT_NE(got[1].find(R"("symbol":"A","stream":"trade"})"), std::string::npos) << got[1];
  EXPECT_NE(got[2].find(R"("symbol":"A"})"), std::string::npos) << got[2];
  table.back({stream_index{0}}); // nothing to show of it
  EXPECT_TRUE(at_alice.read().empty());
  table.back({stream_index{1}});
  EXPECT_EQ(at_alice.read().size(), 1u);
}

TEST_F(StreamKinds, AreNamedWhenTheirPartitionGoes) {
  subscribe_to_trades();
  table.away({stream_index{0}, trades});
  const auto got = at_bob.read();
  ASSERT_EQ(got.size(), 1u);
  EXPECT_NE(got[0].find(R"("symbol":"A","stream":"trade"})"), std::string::npos) << got[0];
  table.back({stream_index{0}});
  EXPECT_TRUE(at_bob.read().empty());
}

TEST_F(StreamKinds, AnnounceANewEpochByTheirName) {
  subscribe_to_trades();
  table.deliver(burst_of_kind(stream_kind::trade, 0, "A", 2, 1, 1));
  const auto got = at_bob.read();
  ASSERT_EQ(got.size(), 2u);
  EXPECT_EQ(got[0], R"({"type":"gap","symbol":"A","stream":"trade","epoch":1,"from":6,)"
                    R"("to":null,"reason":"new_epoch"})");
}

// --- a slow reader -----------------------------------------------------------------------------

TEST_F(StreamKinds, SlowInOneTakeNothingFromOtherStreamsAndClients) {
  subscribe_to_trades();
  at_alice.out->refuse_next = 1;
  table.deliver(trade(6, 7));
  table.deliver(trade(6, 6, 1));
  EXPECT_EQ(at_alice.owner->diverted.size(), 1u);
  const auto got = at_alice.read();
  ASSERT_EQ(got.size(), 1u);
  EXPECT_EQ(member(got[0], "symbol"), "B");
  EXPECT_EQ(at_bob.read().size(), 2u);
}

TEST_F(StreamKinds, AreWrittenPieceByPieceWithoutACopyAndGoOnLive) {
  subscribe_to_trades();
  const auto first = trade(6, 7);
  const auto second = trade(8, 8);
  at_alice.out->refuse_next = 1;
  table.deliver(first);
  table.deliver(second);
  const auto pushes = at_alice.out->pushes;
  const auto deliveries = metrics.deliveries.value();
  table.take_back({alice, {kept({piece(first), piece(second)})}});
  EXPECT_EQ(at_alice.out->pushes, pushes + 2);
  EXPECT_EQ(metrics.deliveries.value(), deliveries + 3);
  EXPECT_EQ(metrics.merged_updates.value(), 0u);
  ASSERT_EQ(at_alice.owner->handed.size(), 1u);
  EXPECT_TRUE(at_alice.owner->handed[0].refused.empty());
  table.deliver(trade(9, 9));
  EXPECT_EQ(members(at_alice.read(), "sequence"), (texts{"6", "7", "8", "9"}));
}

TEST_F(StreamKinds, ComeBackFromThePieceOnThatTheOutboxRefused) {
  subscribe_to_trades();
  at_alice.out->refuse_next = 1;
  const auto first = trade(6, 7);
  const auto second = trade(8, 8);
  const auto third = trade(9, 9);
  for (const auto& each : {first, second, third})
    table.deliver(each);
  // The outbox takes any one slice when it is empty, and no other then.
  client small{std::make_shared<samples::scripted_outbox>(1)};
  table.attach(connection_id{3}, small.out, small.owner, false);
  ask(connection_id{3}, 1, {trades});
  stands(connection_id{3}, 0, head_of("A", stream_kind::trade, pos(1, 5)));
  small.out->drained();
  small.out->refuse_next = 1;
  table.deliver(trade(6, 9));
  table.take_back({connection_id{3}, {kept({piece(first), piece(second), piece(third)})}});
  ASSERT_EQ(small.owner->handed.size(), 1u);
  const auto& refused = small.owner->handed[0].refused;
  ASSERT_EQ(refused.size(), 1u);
  ASSERT_EQ(refused[0].kept.size(), 2u);
  EXPECT_EQ(refused[0].kept[0].through, pos(1, 8));
  EXPECT_EQ(refused[0].through, pos(1, 9));
  EXPECT_EQ(members(small.read(), "sequence"), (texts{"6", "7"}));
  table.deliver(trade(10, 10)); // the owner has the rest: still by way of it
  EXPECT_EQ(small.owner->diverted.back().before, pos(1, 7));
  table.take_back({connection_id{3}, refused});
  EXPECT_EQ(members(small.read(), "sequence"), (texts{"8"}));
  table.detach(connection_id{3});
}

TEST_F(StreamKinds, AreNotTriedBehindAMergedUpdateThatWasRefused) {
  ask(alice, 1, {prices, {named("B"), stream_kind::trade}});
  stands(alice, 0, stands_at("A", pos(1, 5)));
  stands(alice, 1, head_of("B", stream_kind::trade, pos(1, 5)));
  at_alice.out->drained();
  at_alice.out->refuse_next = 2;
  deliver(1, 6, 6);
  const auto of_b = trade(6, 6, 1);
  table.deliver(of_b);
  at_alice.out->refuse_next = 1;
  table.take_back({alice, {kept({piece(of_b)}, 1), item(pos(1, 6), 6)}});
  ASSERT_EQ(at_alice.owner->handed.size(), 1u);
  EXPECT_EQ(at_alice.owner->handed[0].refused.size(), 2u);
  EXPECT_TRUE(at_alice.read().empty());
}

TEST_F(StreamKinds, AreNotWrittenForASubscriptionThatWasLeftOrStandsBehindThem) {
  subscribe_to_trades();
  at_alice.out->refuse_next = 2;
  const auto first = trade(6, 7);
  const auto second = trade(8, 8);
  table.deliver(first);
  table.deliver(trade(6, 6, 1));
  table.leave({alice, {stream_index{1}}});
  table.take_back({alice, {kept({piece(trade(6, 6, 1))}, 1), kept({piece(first)})}});
  EXPECT_EQ(members(at_alice.read(), "sequence"), (texts{"6", "7"}));
  at_alice.out->refuse_next = 1;
  table.deliver(second);
  table.take_back({alice, {kept({piece(first), piece(second)})}});
  EXPECT_EQ(members(at_alice.read(), "sequence"), (texts{"8"}));
}

// --- coming back -------------------------------------------------------------------------------

// Of the kinds that the journal keeps: prices and trades.
struct ReturningKinds : Returning {
  ReturningKinds()
      : by_kind(
            metrics, [] {}, kinds()) {
    by_kind.attach(alice, at_alice.out, at_alice.owner, false);
  }
  recovery_options kinds() {
    auto out = options(8, 16, &journal);
    out.is_kept = [](stream_kind kind) { return kind != stream_kind::quote; };
    return out;
  }
  void come_back_to(const stream_key& stream, stream_position since) {
    by_kind.open({alice, 1, "1", {{a, stream, since_point{since}}}});
  }
  // Memory has nothing below 1/20 and 20 to 25.
  void memory_says(const stream_key& stream, bool with_events) {
    const auto& asked = questions.back();
    recalled_events what;
    what.published = head_of("A", stream.kind, pos(1, 25));
    what.highest = what.newest = pos(1, 25);
    what.from = pos(1, 20);
    what.settled = what.final_below = true;
    if (with_events)
      what.burst = burst_of_kind(stream.kind, 0, "A", 1, 20, 25);
    by_kind.recalled({alice, 1, asked.what.ask, a, what});
  }
  delivery_table by_kind;
};

TEST_F(ReturningKinds, AskTheJournalForTheirOwnKind) {
  come_back_to(trades, pos(1, 17));
  memory_says(trades, false);
  memory_says(trades, false);
  ASSERT_EQ(journal.asked.size(), 1u);
  EXPECT_EQ(journal.asked[0].kind, stream_kind::trade);
  EXPECT_EQ(journal.asked[0].after, pos(1, 17));
  EXPECT_EQ(journal.asked[0].through, pos(1, 19));
  journal.answer(0, {burst_of_kind(stream_kind::trade, 0, "A", 1, 18, 19)});
  memory_says(trades, true);
  const auto got = at_alice.read();
  ASSERT_EQ(got.size(), 9u);
  EXPECT_EQ(got[0], R"({"type":"subscribed","id":1,"symbols":["A"],"positions":[{"symbol":"A",)"
                    R"("stream":"trade","known":true,"epoch":1,"seq":25,"recovered":true,)"
                    R"("from":{"epoch":1,"seq":18},"to":{"epoch":1,"seq":25},"lost":null}]})");
  EXPECT_EQ(members(got, "sequence"), (texts{"-", "18", "19", "20", "21", "22", "23", "24", "25"}));
  EXPECT_EQ(members(got, "type")[8], "trade");
}

TEST_F(ReturningKinds, AskForTheTimeInTheJournalOfTheirKind) {
  by_kind.open({alice, 1, "1", {{a, trades, since_point{samples::at(samples::some_time)}}}});
  ASSERT_EQ(journal.asked.size(), 1u);
  EXPECT_EQ(journal.asked[0].kind, stream_kind::trade);
  EXPECT_EQ(journal.asked[0].time, samples::at(samples::some_time));
}

TEST_F(ReturningKinds, EndAtMemoryWhereTheJournalDoesNotKeepThem) {
  come_back_to(quotes, pos(1, 17));
  memory_says(quotes, false);
  memory_says(quotes, false);
  EXPECT_TRUE(journal.asked.empty());
  memory_says(quotes, true);
  const auto got = at_alice.read();
  ASSERT_EQ(got.size(), 8u);
  EXPECT_NE(got[0].find(R"("lost":null}]})"), std::string::npos) << got[0];
  EXPECT_EQ(got[1], R"({"type":"gap","symbol":"A","stream":"quote","epoch":1,"from":18,)"
                    R"("to":19,"reason":"expired"})");
  EXPECT_EQ(members(got, "sequence"), (texts{"-", "-", "20", "21", "22", "23", "24", "25"}));
}

TEST_F(ReturningKinds, AreNotGivenASnapshotBehindAPositionAboveAllThatExists) {
  come_back_to(trades, pos(1, 99));
  memory_says(trades, false);
  const auto got = at_alice.read();
  ASSERT_EQ(got.size(), 2u);
  EXPECT_NE(got[0].find(R"("stream":"trade","known":true,"epoch":1,"seq":25,"recovered":false)"),
            std::string::npos)
      << got[0];
  EXPECT_EQ(integer(got[1], "code"), 1101);
  EXPECT_NE(got[1].find(R"("symbol":"A","stream":"trade"})"), std::string::npos) << got[1];
}

} // namespace
} // namespace tradepulse::delivery_testing
