#include "tests/actors/distribution/returning_world.hpp"
#include "tests/actors/support/candle_views.hpp"

// What the delivery table does with views of open candles, beside the numbered events.
namespace tradepulse::delivery_testing {
namespace {

using samples::candles;
using samples::closes_of;
using samples::head_of;
using samples::view_of;

const stream_key candles_of_a{named("A"), candles};

// "candle 5", "view 28719355 through 7 ?" in the order in which they came.
texts told(const texts& messages) {
  texts out;
  for (const auto& each : messages) {
    const auto type = member(each, "type").value();
    if (type == "candle") {
      out.push_back("candle " + std::to_string(integer(each, "sequence")));
    } else if (type == "candle_view") {
      const auto said = member(each, "provisional").value_or("");
      out.push_back("view " + std::to_string(integer(each, "seq")) +
                    (said == "true"    ? "?"
                     : said == "false" ? "!"
                                       : ""));
    } else {
      out.push_back(type);
    }
  }
  return out;
}

// Alice and Bob have the candles of A up to 1/5, as stream 0; Alice has prices of B as stream 1.
struct DeliveredViews : DeliveryTable {
  DeliveredViews() {
    for (auto who : {alice, bob}) {
      open_group request{who, 1, "1", {{a, candles_of_a}}};
      if (who == alice)
        request.members.push_back({b, named("B")});
      table.open(request);
      table.joined({who, 1, a, head_of("A", candles, pos(1, 5))});
    }
    join(alice, 1, b, stands_at("B", pos(1, 1)));
    at_alice.out->drained();
    at_bob.out->drained();
  }
  void show(const candle_view_ptr& view) { table.show({a, view}); }
  void show(std::int64_t n, std::int64_t seq) { show(view_of("A", n, pos(1, seq))); }
  void close(std::int64_t number, std::vector<std::int64_t> starts) {
    table.deliver(closes_of(0, "A", 1, number, std::move(starts)));
  }
  // The outbox of Alice is empty and says so where it had refused something.
  texts drain() {
    std::string text;
    if (at_alice.out->drain(text))
      table.drained(alice);
    return told(payloads_of(text));
  }
  void hand_back_b() { table.take_back({alice, {merged_b()}}); }
  static handed_item merged_b() {
    auto out = item(pos(1, 2), 2);
    out.index = b;
    out.update = merged_update{};
    std::get<merged_update>(out.update) = [] {
      merged_update update;
      update.symbol = named("B");
      update.epoch = epoch{1};
      update.first_seq = update.last_seq = update.price_seq = sequence{2};
      update.count = 1;
      return update;
    }();
    return out;
  }
};

// --- live --------------------------------------------------------------------------------------

TEST_F(DeliveredViews, GoToEverySubscriptionAtOnceAsTheSameBytes) {
  show(6, 10);
  EXPECT_EQ(flushes_asked, 1);
  const auto got = at_alice.read();
  EXPECT_EQ(told(got), (texts{"view 10"}));
  EXPECT_EQ(at_bob.read(), got);
  EXPECT_EQ(metrics.candle_views.value(), 2u);
}

TEST_F(DeliveredViews, AreNoEvents) {
  const auto before = metrics.deliveries.value();
  show(6, 10);
  close(6, {6});
  EXPECT_EQ(told(at_alice.read()), (texts{"view 10", "candle 6"}));
  EXPECT_EQ(metrics.deliveries.value(), before + 2); // the close, to both
  EXPECT_EQ(metrics.gaps.value(), 0u);               // nor do they make a hole in the numbers
}

TEST_F(DeliveredViews, DoNotGoToWhoHasLeft) {
  table.leave({alice, {a}});
  show(6, 10);
  EXPECT_EQ(at_alice.read(), texts{});
  EXPECT_EQ(told(at_bob.read()), (texts{"view 10"}));
}

// --- joining -----------------------------------------------------------------------------------

TEST_F(DeliveredViews, FollowSubscribed) {
  table.leave({alice, {a}});
  table.open({alice, 2, "2", {{a, candles_of_a}}});
  table.joined({alice, 2, a, head_of("A", candles, pos(1, 5)), false, view_of("A", 6, pos(1, 9))});
  EXPECT_EQ(told(at_alice.read()), (texts{"subscribed", "view 9"}));
}

TEST_F(DeliveredViews, DoNotFollowSubscribedWhereThereIsNone) {
  table.open({alice, 2, "2", {{a, candles_of_a}}});
  table.joined({alice, 2, a, head_of("A", candles, pos(1, 5))});
  EXPECT_EQ(told(at_alice.read()), (texts{"subscribed"}));
}

TEST_F(DeliveredViews, OfTheTimeOfTheJoinAreWhatIsNewestWhenItIsAnswered) {
  table.open({alice, 2, "2", {{a, candles_of_a}, {b, named("B")}}});
  show(6, 9); // before its stream has answered
  table.joined({alice, 2, a, head_of("A", candles, pos(1, 5)), false, view_of("A", 6, pos(1, 8))});
  EXPECT_EQ(told(at_alice.read()), texts{}); // B has not said where it stands
  show(6, 10);
  join(alice, 2, b, nullptr);
  EXPECT_EQ(told(at_alice.read()), (texts{"subscribed", "view 10"}));
}

TEST_F(DeliveredViews, AreNotShownBehindACloseThatCameBeforeTheAnswer) {
  table.open({alice, 2, "2", {{a, candles_of_a}}});
  close(6, {6});
  table.joined({alice, 2, a, head_of("A", candles, pos(1, 6)), false, view_of("A", 6, pos(1, 8))});
  EXPECT_EQ(told(at_alice.read()), (texts{"subscribed"}));
}

// --- what is read again ------------------------------------------------------------------------

// After a claim the source comes to its trades a second time: the candle that Alice joined behind
// is open once more until its close has been made again.
TEST_F(DeliveredViews, AreNotShownToWhoHasALaterNumber) {
  show(view_of("A", 5, pos(1, 8), false, false, pos(1, 4)));
  EXPECT_EQ(drain(), texts{});
  show(view_of("A", 6, pos(1, 10), false, false, pos(1, 5)));
  EXPECT_EQ(drain(), (texts{"view 10"}));
}

// --- no room -----------------------------------------------------------------------------------

TEST_F(DeliveredViews, WaitWhereTheOutboxHasNoRoomAndOnlyTheLatestIsKept) {
  at_alice.out->refuse_next = 1;
  show(6, 10);
  show(6, 11);
  show(6, 12);
  EXPECT_EQ(at_alice.out->refused, 1); // it is not asked again before it has drained
  EXPECT_EQ(drain(), texts{});
  EXPECT_EQ(drain(), (texts{"view 12"}));
  EXPECT_EQ(told(at_bob.read()), (texts{"view 10", "view 11", "view 12"}));
  EXPECT_TRUE(at_alice.owner->diverted.empty()); // its owner has nothing to decide
}

TEST_F(DeliveredViews, AreNotSentBehindTheClose) {
  at_alice.out->refuse_next = 1;
  show(6, 10);
  close(6, {6});
  EXPECT_EQ(drain(), (texts{"candle 6"}));
  EXPECT_EQ(drain(), texts{});
  show(7, 11);
  EXPECT_EQ(drain(), (texts{"view 11"}));
}

TEST_F(DeliveredViews, TakeBackWhatWasShownAsProvisional) {
  show(view_of("A", 6, pos(1, 10), true));
  EXPECT_EQ(drain(), (texts{"view 10?"}));
  at_alice.out->refuse_next = 1;
  show(view_of("A", 6, pos(1, 11), false, true));
  show(6, 12);
  drain();
  EXPECT_EQ(drain(), (texts{"view 12!"}));
  EXPECT_EQ(told(at_bob.read()), (texts{"view 10?", "view 11!", "view 12"}));
}

TEST_F(DeliveredViews, WaitUntilTheirOwnStreamIsHandedBack) {
  at_alice.out->refuse_next = 1;
  close(6, {6});
  show(7, 11);
  ASSERT_EQ(at_alice.owner->diverted.size(), 1u);
  EXPECT_EQ(drain(), texts{});
  handed_item kept;
  kept.index = a;
  kept.through = pos(1, 6);
  kept.group = at_alice.owner->diverted[0].group;
  const auto& burst = *at_alice.owner->diverted[0].burst;
  kept.kept = {{burst.encoded(false).from(0), pos(1, 6), 1, 0}};
  table.take_back({alice, {kept}});
  EXPECT_EQ(drain(), (texts{"candle 6", "view 11"}));
}

// Else the room that an outbox has would always be taken before the hand-back comes.
TEST_F(DeliveredViews, WaitForEventsOfOtherStreamsOfTheirClient) {
  at_alice.out->refuse_next = 1;
  table.deliver(burst(1, "B", 1, 2, 2));
  show(6, 10);
  EXPECT_EQ(drain(), texts{});
  EXPECT_EQ(drain(), texts{});
  hand_back_b();
  EXPECT_EQ(drain(), (texts{"price_update", "view 10"}));
}

TEST_F(DeliveredViews, WaitWhereAHandBackFoundNoRoom) {
  at_alice.out->refuse_next = 1;
  table.deliver(burst(1, "B", 1, 2, 2));
  show(6, 10);
  drain();
  at_alice.out->refuse_next = 1;
  hand_back_b();
  ASSERT_EQ(at_alice.owner->handed.back().refused.size(), 1u);
  EXPECT_EQ(drain(), texts{});
  hand_back_b();
  EXPECT_EQ(drain(), (texts{"price_update", "view 10"}));
}

TEST_F(DeliveredViews, GoOnWhereTheStreamThatWasBehindIsLeft) {
  at_alice.out->refuse_next = 1;
  table.deliver(burst(1, "B", 1, 2, 2));
  drain();
  show(6, 10);
  table.leave({alice, {b}});
  EXPECT_EQ(drain(), (texts{"view 10"}));
}

TEST_F(DeliveredViews, WaitBehindAnAnswerThatFoundNoRoom) {
  at_alice.out->refuse_next = 1;
  say(alice, R"({"type":"pong"})");
  show(6, 10);
  EXPECT_EQ(drain(), texts{});
  EXPECT_EQ(drain(), (texts{"pong", "view 10"}));
}

TEST_F(DeliveredViews, AreDroppedWhereTheirStreamHasMoved) {
  at_alice.out->refuse_next = 1;
  show(6, 10);
  table.moved({a, head_of("A", candles, pos(1, 9))});
  ASSERT_EQ(at_alice.owner->moves.size(), 1u);
  drain();
  EXPECT_EQ(drain(), texts{});
}

TEST_F(DeliveredViews, StayWhereTheirStreamHasNotMoved) {
  at_alice.out->refuse_next = 1;
  show(6, 10);
  table.moved({a, head_of("A", candles, pos(1, 5))});
  drain();
  EXPECT_EQ(drain(), (texts{"view 10"}));
}

// 400 streams, of which a slow reader with events that wait gets a share.
TEST_F(DeliveredViews, GetAShareOfWhatRoomAHandBackLeaves) {
  constexpr std::uint32_t first = 10;
  constexpr std::uint32_t streams = 400;
  open_group request{alice, 3, "3", {}};
  for (std::uint32_t i = 0; i < streams; ++i)
    request.members.push_back({stream_index{first + i}, {named("S" + std::to_string(i)), candles}});
  table.open(request);
  for (std::uint32_t i = 0; i < streams; ++i)
    table.joined({alice, 3, stream_index{first + i}, nullptr});
  drain();
  table.deliver(closes_of(0, "A", 1, 6, {6}));
  drain();
  at_alice.out->refuse_next = 1;
  table.deliver(burst(1, "B", 1, 2, 2));
  drain();
  for (std::uint32_t i = 0; i < streams; ++i)
    table.show({stream_index{first + i}, view_of("S" + std::to_string(i), 6, pos(1, 1'000'000))});
  EXPECT_EQ(at_alice.out->queued_bytes(), 0u);
  table.deliver(burst(1, "B", 1, 3, 3)); // more than is handed back
  hand_back_b();
  const auto queued = at_alice.out->queued_bytes();
  EXPECT_GT(queued, view_desk::share_bytes);
  EXPECT_LT(queued, view_desk::share_bytes + 1'000);
  const auto part = drain();
  EXPECT_EQ(part.front(), "price_update");
  auto rest = merged_b();
  rest.through = pos(1, 3);
  table.take_back({alice, {rest}}); // B is live again: all of them
  EXPECT_EQ(part.size() + drain().size(), streams + 2);
}

// --- coming back -------------------------------------------------------------------------------

struct ReturningToCandles : Returning {
  ReturningToCandles() { table.open({alice, 1, "1", {{a, candles_of_a, since_point{pos(1, 5)}}}}); }
  void tell(std::size_t i, recalled_events what, candle_view_ptr view = {}) {
    const auto& asked = questions.at(i);
    what.published = head_of("A", candles, what.highest);
    table.recalled({asked.what.connection, asked.what.group, asked.what.ask, asked.index,
                    std::move(what), std::move(view)});
  }
};

TEST_F(ReturningToCandles, FindTheViewBehindWhatTheyHaveMissed) {
  tell(0, memory(pos(1, 6), pos(1, 6)), view_of("A", 7, pos(1, 20)));
  EXPECT_EQ(told(at_alice.read()), (texts{"subscribed"}));
  table.show({a, view_of("A", 7, pos(1, 21))});
  EXPECT_EQ(told(at_alice.read()), texts{});
  auto found = memory(pos(1, 6), pos(1, 6));
  found.burst = closes_of(0, "A", 1, 6, {6});
  ASSERT_EQ(questions.size(), 2u);
  tell(1, found);
  EXPECT_EQ(told(at_alice.read()), (texts{"candle 6", "view 21"}));
}

// It saw what a killed process had published: its candle is open again until the log has been read
// so far, and a view of it would take back a number.
TEST_F(ReturningToCandles, FindNoViewBeforeTheLogIsReadAsFarAsTheyAre) {
  const auto behind = [](std::int64_t n, std::int64_t seq, std::int64_t closed) {
    return view_of("A", n, pos(1, seq), false, false, pos(1, closed));
  };
  auto found = memory(pos(1, 3), pos(1, 3));
  found.settled = false;
  tell(0, found, behind(4, 10, 3));
  ASSERT_EQ(questions.size(), 2u);
  tell(1, found, behind(4, 10, 3));
  EXPECT_EQ(told(at_alice.read()), (texts{"subscribed"}));
  table.show({a, behind(4, 11, 3)});
  table.deliver(closes_of(0, "A", 1, 4, {4}));
  table.show({a, behind(5, 12, 4)});
  table.deliver(closes_of(0, "A", 1, 5, {5}));
  EXPECT_EQ(told(at_alice.read()), texts{});
  table.show({a, behind(6, 13, 5)});
  table.deliver(closes_of(0, "A", 1, 6, {6}));
  EXPECT_EQ(told(at_alice.read()), (texts{"view 13", "candle 6"}));
}

TEST_F(ReturningToCandles, FindNoViewFromBeforeWhatTheyHaveRead) {
  tell(0, memory(pos(1, 6), pos(1, 6)), view_of("A", 6, pos(1, 20), false, false, pos(1, 5)));
  auto found = memory(pos(1, 6), pos(1, 6));
  found.burst = closes_of(0, "A", 1, 6, {6});
  tell(1, found);
  EXPECT_EQ(told(at_alice.read()), (texts{"subscribed", "candle 6"}));
}

TEST_F(ReturningToCandles, FindNoViewOfWhatClosedMeanwhile) {
  tell(0, memory(pos(1, 6), pos(1, 5)), view_of("A", 6, pos(1, 20)));
  EXPECT_EQ(told(at_alice.read()), (texts{"subscribed"}));
  table.deliver(closes_of(0, "A", 1, 6, {6})); // it will read it in its turn
  auto found = memory(pos(1, 6), pos(1, 6));
  found.burst = closes_of(0, "A", 1, 6, {6});
  ASSERT_EQ(questions.size(), 2u);
  tell(1, found);
  EXPECT_EQ(told(at_alice.read()), (texts{"candle 6"}));
}

} // namespace
} // namespace tradepulse::delivery_testing
