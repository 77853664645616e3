#include "actors/distribution/conflation.hpp"

#include <gtest/gtest.h>

#include "protocol/native_dialect.hpp"
#include "protocol/websocket_frame.hpp"
#include "tests/actors/distribution/slow_streams.hpp"
#include "tests/actors/support/streams.hpp"

namespace tradepulse {
namespace {

using samples::burst;
using samples::costs;
using samples::event;
using samples::integer;
using samples::member;
using samples::named;
using samples::payloads_of;
using samples::pos;

constexpr stream_index a{0};
constexpr stream_index b{1};
constexpr std::size_t everything = 1 << 20;

burst_ptr with(std::int64_t e, std::vector<numbered_event> events) {
  return std::make_shared<const price_burst>(a, named("A"), epoch{e}, std::move(events),
                                             samples::at(samples::some_time));
}

TEST(Conflation, MergesWhatWaitsIntoOneUpdateThatHidesNoExtreme) {
  slow_streams waiting;
  waiting.add(*with(1, {event(5, 100, 5), event(6, 140, 6)}), pos(1, 4));
  waiting.add(*with(1, {event(7, 90, 7), event(8, 110, 8)}), pos(1, 4));
  auto items = waiting.take(everything);
  ASSERT_EQ(items.size(), 1u);
  ASSERT_FALSE(is_empty(items[0].update));
  const auto& update = price_in(items[0]);
  EXPECT_EQ(update.first_seq, sequence{5});
  EXPECT_EQ(update.last_seq, sequence{8});
  EXPECT_EQ(update.price_seq, sequence{8});
  EXPECT_EQ(update.count, 4u);
  EXPECT_EQ(update.open, costs(100));
  EXPECT_EQ(update.high, costs(140));
  EXPECT_EQ(update.low, costs(90));
  EXPECT_EQ(update.close, costs(110));
  EXPECT_EQ(update.price, costs(110));
  EXPECT_TRUE(items[0].preface.empty());
  EXPECT_EQ(items[0].through, pos(1, 8));
}

TEST(Conflation, ShowsTheNewestByTimeAndNamesItsNumber) {
  slow_streams waiting;
  waiting.add(*with(1, {event(5, 100, 50), event(6, 90, 20, true)}), pos(1, 4));
  auto items = waiting.take(everything);
  EXPECT_EQ(price_in(items[0]).price, costs(100));
  EXPECT_EQ(price_in(items[0]).price_seq, sequence{5});
  EXPECT_EQ(price_in(items[0]).last_seq, sequence{6});
  EXPECT_EQ(price_in(items[0]).close, costs(90)); // the last by number
  EXPECT_FALSE(price_in(items[0]).late);
}

TEST(Conflation, ShowsTheLaterOfTwoEventsOfOneTime) {
  slow_streams waiting;
  waiting.add(*with(1, {event(5, 100, 50), event(6, 90, 50)}), pos(1, 4));
  EXPECT_EQ(price_in(waiting.take(everything)[0]).price_seq, sequence{6});
}

TEST(Conflation, IsLateOnlyWhereEveryEventIs) {
  slow_streams waiting;
  waiting.add(*with(1, {event(5, 100, 5, true), event(6, 90, 2, true)}), pos(1, 4));
  EXPECT_TRUE(price_in(waiting.take(everything)[0]).late);
}

TEST(Conflation, LeavesOutWhatTheSubscriptionGotBefore) {
  slow_streams waiting;
  waiting.add(*burst(0, "A", 1, 3, 6), pos(1, 4));
  EXPECT_EQ(price_in(waiting.take(everything)[0]).first_seq, sequence{5});
}

TEST(Conflation, AddsNothingTwice) {
  slow_streams waiting;
  waiting.add(*burst(0, "A", 1, 5, 6), pos(1, 4));
  waiting.add(*burst(0, "A", 1, 5, 6), pos(1, 4));
  EXPECT_EQ(price_in(waiting.take(everything)[0]).count, 2u);
  EXPECT_TRUE(waiting.empty());
}

TEST(Conflation, HasNothingToGiveForEventsBelowThePosition) {
  slow_streams waiting;
  waiting.add(*burst(0, "A", 1, 1, 4), pos(1, 4));
  EXPECT_TRUE(waiting.empty());
  waiting.add(*burst(0, "A", 1, 9, 9), pos(2, 1)); // of an epoch that is over
  EXPECT_TRUE(waiting.empty());
}

TEST(Conflation, DropsWhatWaitsAtANewEpochAndNamesItByTheGapsFrom) {
  slow_streams waiting;
  waiting.add(*burst(0, "A", 1, 5, 6), pos(1, 4));
  waiting.add(*burst(0, "A", 2, 1, 3), pos(1, 4));
  auto items = waiting.take(everything);
  ASSERT_EQ(items.size(), 1u);
  const auto before = payloads_of(items[0].preface);
  ASSERT_EQ(before.size(), 1u);
  EXPECT_EQ(before[0], R"({"type":"gap","symbol":"A","stream":"price","epoch":1,"from":5,)"
                       R"("to":null,"reason":"new_epoch"})");
  EXPECT_EQ(price_in(items[0]).epoch, epoch{2});
  EXPECT_EQ(price_in(items[0]).first_seq, sequence{1});
  EXPECT_EQ(price_in(items[0]).last_seq, sequence{3});
}

TEST(Conflation, NamesTheNextNumberWhereNothingWaitedAtANewEpoch) {
  slow_streams waiting;
  waiting.add(*burst(0, "A", 2, 1, 1), pos(1, 4));
  EXPECT_EQ(integer(waiting.take(everything)[0].preface, "from"), 5);
}

TEST(Conflation, AnnouncesNoEpochBeforeTheFirst) {
  slow_streams waiting;
  waiting.add(*burst(0, "A", 3, 1, 2), pos(0, 0));
  auto items = waiting.take(everything);
  EXPECT_TRUE(items[0].preface.empty());
  EXPECT_EQ(price_in(items[0]).first_seq, sequence{1});
}

TEST(Conflation, AnnouncesWhatIsMissingBeforeABurstThatDoesNotFollow) {
  slow_streams waiting;
  waiting.add(*burst(0, "A", 1, 5, 6), pos(1, 4));
  waiting.add(*burst(0, "A", 1, 9, 9), pos(1, 4));
  auto items = waiting.take(everything);
  const auto before = payloads_of(items[0].preface);
  ASSERT_EQ(before.size(), 1u);
  EXPECT_EQ(before[0], R"({"type":"gap","symbol":"A","stream":"price","epoch":1,"from":5,)"
                       R"("to":8,"reason":"missed"})");
  EXPECT_EQ(price_in(items[0]).first_seq, sequence{9});
}

TEST(Conflation, PutsGapAndSnapshotBeforeWhatFollowsAMove) {
  slow_streams waiting;
  waiting.add(*burst(0, "A", 1, 5, 6), pos(1, 4));
  waiting.add_move(a, samples::snapshot("A", pos(1, 20), 777, 20), pos(1, 4));
  waiting.add(*burst(0, "A", 1, 21, 22), pos(1, 4));
  auto items = waiting.take(everything);
  ASSERT_EQ(items.size(), 1u);
  const auto before = payloads_of(items[0].preface);
  ASSERT_EQ(before.size(), 2u);
  EXPECT_EQ(before[0], R"({"type":"gap","symbol":"A","stream":"price","epoch":1,"from":5,)"
                       R"("to":20,"reason":"moved"})");
  EXPECT_EQ(member(before[1], "snapshot"), "true");
  EXPECT_EQ(integer(before[1], "sequence"), 20);
  EXPECT_EQ(member(before[1], "price"), "777");
  EXPECT_EQ(price_in(items[0]).first_seq, sequence{21});
  EXPECT_EQ(items[0].through, pos(1, 22));
}

TEST(Conflation, IgnoresAMoveThatIsNotAboveWhatItHas) {
  slow_streams waiting;
  waiting.add(*burst(0, "A", 1, 5, 8), pos(1, 4));
  waiting.add_move(a, samples::snapshot("A", pos(1, 8), 777, 20), pos(1, 4));
  auto items = waiting.take(everything);
  EXPECT_TRUE(items[0].preface.empty());
  EXPECT_EQ(price_in(items[0]).count, 4u);
}

TEST(Conflation, MovesIntoALaterEpochByNamingTheOldOne) {
  slow_streams waiting;
  waiting.add_move(a, samples::snapshot("A", pos(3, 20), 777, 20), pos(1, 4));
  const auto before = payloads_of(waiting.take(everything)[0].preface);
  ASSERT_EQ(before.size(), 2u);
  EXPECT_EQ(before[0], R"({"type":"gap","symbol":"A","stream":"price","epoch":1,"from":5,)"
                       R"("to":null,"reason":"new_epoch"})");
  EXPECT_EQ(integer(before[1], "epoch"), 3);
}

TEST(Conflation, PutsBackWhatWasRefusedBeforeWhatCameSince) {
  slow_streams waiting;
  waiting.add(*with(1, {event(5, 100, 5), event(6, 190, 6)}), pos(1, 4));
  auto items = waiting.take(everything);
  waiting.add(*with(1, {event(7, 80, 7)}), pos(1, 4));
  waiting.put_back(std::move(items));
  auto again = waiting.take(everything);
  ASSERT_EQ(again.size(), 1u);
  EXPECT_EQ(price_in(again[0]).first_seq, sequence{5});
  EXPECT_EQ(price_in(again[0]).last_seq, sequence{7});
  EXPECT_EQ(price_in(again[0]).count, 3u);
  EXPECT_EQ(price_in(again[0]).open, costs(100));
  EXPECT_EQ(price_in(again[0]).high, costs(190));
  EXPECT_EQ(price_in(again[0]).close, costs(80));
  EXPECT_EQ(again[0].through, pos(1, 7));
}

TEST(Conflation, KeepsTheOrderOfARefusedUpdateAndTheEpochThatCameSince) {
  slow_streams waiting;
  waiting.add(*burst(0, "A", 1, 5, 6), pos(1, 4));
  auto items = waiting.take(everything);
  waiting.add(*burst(0, "A", 2, 1, 1), pos(1, 4));
  waiting.put_back(std::move(items));
  auto again = waiting.take(everything);
  const auto before = payloads_of(again[0].preface);
  ASSERT_EQ(before.size(), 2u);
  EXPECT_EQ(integer(before[0], "first_seq"), 5);
  EXPECT_EQ(integer(before[0], "sequence"), 6);
  EXPECT_EQ(integer(before[1], "from"), 7);
  EXPECT_EQ(price_in(again[0]).epoch, epoch{2});
}

TEST(Conflation, ForgetsAStreamThatWasLeftAlsoWhenItsItemsComeBack) {
  slow_streams waiting;
  waiting.add(*burst(0, "A", 1, 5, 6), pos(1, 4));
  auto items = waiting.take(everything);
  waiting.forget(a);
  waiting.put_back(std::move(items));
  EXPECT_TRUE(waiting.empty());
  EXPECT_EQ(waiting.streams(), 0u);
}

TEST(Conflation, BeginsAnewForASubscriptionThatStandsAboveWhatWaits) {
  slow_streams waiting;
  waiting.add(*burst(0, "A", 1, 5, 6), pos(1, 4)); // of a subscription that was given up
  waiting.add(*burst(0, "A", 1, 10, 11), pos(1, 9));
  auto items = waiting.take(everything);
  EXPECT_EQ(price_in(items[0]).first_seq, sequence{10});
}

TEST(Conflation, TakesTheOldestStreamsFirstAndAboutAsMuchAsIsAsked) {
  slow_streams waiting;
  waiting.add(*burst(1, "B", 1, 1, 1), pos(0, 0));
  waiting.add(*burst(0, "A", 1, 1, 1), pos(0, 0));
  auto first = waiting.take(1);
  ASSERT_EQ(first.size(), 1u);
  EXPECT_EQ(first[0].index, b);
  waiting.taken();
  auto second = waiting.take(1);
  ASSERT_EQ(second.size(), 1u);
  EXPECT_EQ(second[0].index, a);
  waiting.taken();
  EXPECT_TRUE(waiting.empty());
  EXPECT_EQ(waiting.streams(), 0u);
}

TEST(Conflation, KeepsWhatCameWhileItsItemsWereOnTheirWay) {
  slow_streams waiting;
  waiting.add(*burst(0, "A", 1, 5, 6), pos(1, 4));
  waiting.take(everything);
  waiting.add(*burst(0, "A", 1, 7, 7), pos(1, 4));
  waiting.taken();
  auto items = waiting.take(everything);
  ASSERT_EQ(items.size(), 1u);
  EXPECT_EQ(price_in(items[0]).first_seq, sequence{7});
}

TEST(Conflation, ReachesItsBoundWhereAStreamChangesItsEpochForEver) {
  slow_streams waiting;
  std::int64_t e = 1;
  while (waiting.add(*burst(0, "A", e, 1, 1), pos(0, 0)) && e < 10'000)
    ++e;
  EXPECT_GT(e, 100);
  EXPECT_LT(e, 1'000); // 16 KB of gaps
}

TEST(Conflation, StaysWithinItsBoundHoweverManyEventsOneEpochHas) {
  slow_streams waiting;
  for (std::int64_t seq = 1; seq <= 20'000; ++seq)
    ASSERT_TRUE(waiting.add(*burst(0, "A", 1, seq, seq), pos(0, 0)));
  EXPECT_EQ(waiting.streams(), 1u);
}

// Whatever the sequence of bursts, moves, hand-backs and refusals: the client sees no hole that is
// not announced, nothing twice, and the true extremes.
TEST(Conflation, CountsTheGapsOfItsPrefaceAlsoWhereItComesBack) {
  slow_streams waiting;
  waiting.add(*burst(0, "A", 2, 3, 3), pos(1, 5)); // the end of an epoch, and 1..2 of the next
  auto items = waiting.take(everything);
  ASSERT_EQ(items.size(), 1u);
  EXPECT_EQ(items[0].gaps, 2u);
  waiting.add(*burst(0, "A", 3, 1, 1), pos(1, 5));
  waiting.put_back(std::move(items));
  items = waiting.take(everything);
  EXPECT_EQ(items[0].gaps, 3u);
  EXPECT_EQ(payloads_of(items[0].preface).size(), 4u); // and the update between them
}

TEST(Conflation, ForgetsAndTakesAHundredThousandStreamsOneByOne) {
  slow_streams waiting;
  constexpr std::uint32_t count = 100'000;
  for (std::uint32_t i = 0; i < count; ++i)
    waiting.add(*burst(i, "A", 1, 6, 7), pos(1, 5));
  for (std::uint32_t i = count; i-- > count / 2;)
    waiting.forget(stream_index{i});
  EXPECT_EQ(waiting.streams(), count / 2);
  std::size_t taken = 0;
  while (!waiting.empty()) {
    taken += waiting.take(1).size();
    waiting.taken();
  }
  EXPECT_EQ(taken, count / 2);
  EXPECT_EQ(waiting.streams(), 0u);
}

TEST(Conflation, KeepsNothingOfEventsThatWereDeliveredBefore) {
  slow_streams waiting;
  waiting.add(*burst(0, "A", 1, 4, 5), pos(1, 5));
  EXPECT_TRUE(waiting.empty());
  EXPECT_EQ(waiting.streams(), 0u);
}

TEST(Conflation, DoesNotMergeWhatComesBackIntoASubscriptionThatBeganAnew) {
  slow_streams waiting;
  waiting.add(*burst(0, "A", 1, 6, 7), pos(1, 5));
  auto on_their_way = waiting.take(everything);
  waiting.forget(a);
  waiting.add(*burst(0, "A", 1, 10, 10), pos(1, 9), 2);
  waiting.put_back(std::move(on_their_way));
  const auto items = waiting.take(everything);
  ASSERT_EQ(items.size(), 1u);
  EXPECT_EQ(price_in(items[0]).first_seq, sequence{10});
}

TEST(Conflation, NeverHidesAHoleAtRandom) {
  samples::dice dice{samples::seed("Conflation.random")};
  for (int round = 0; round < 300; ++round) {
    samples::truth all;
    std::vector<samples::random_stream> streams{{0, "A", all, dice}, {1, "B", all, dice}};
    samples::checking_client client{all};
    std::map<std::uint32_t, stream_position> delivered;
    std::string hello;
    for (auto& each : streams) {
      if (dice.chance(0.5))
        each.next_burst(0.1);
      const native::join_position join{named(each.name()), each.known(), each.position()};
      websocket::append_text_frame(hello, [&](std::string& out) {
        native::append_subscribed(out, {}, {&join, 1});
      });
      if (each.known())
        websocket::append_text_frame(hello, [&](std::string& out) {
          native::append_snapshot(out, *price_of(each.snapshot().get()), false);
        });
      delivered[each.index().value()] = each.position();
    }
    client.receive(hello);
    slow_streams waiting;
    std::vector<handed_item> under_way;
    auto settle = [&](bool accepted) {
      if (!accepted) {
        waiting.put_back(std::move(under_way));
      } else {
        std::string text;
        for (const auto& item : under_way) {
          text += item.preface;
          append_frame(text, item.update, false);
          delivered[item.index.value()] = item.through;
        }
        client.receive(text);
        waiting.taken();
      }
      under_way.clear();
    };
    for (int step = 0; step < 60; ++step) {
      auto& stream = streams[static_cast<std::size_t>(dice.between(0, 1))];
      const auto before = delivered[stream.index().value()];
      const auto what = dice.between(0, 9);
      if (what < 5) {
        ASSERT_TRUE(waiting.add(*stream.next_burst(0.08), before));
      } else if (what == 5) {
        ASSERT_TRUE(waiting.add_move(stream.index(), *stream.move_on(0.3), before));
      } else if (under_way.empty()) {
        under_way = waiting.take(static_cast<std::size_t>(dice.between(1, 600)));
      } else {
        settle(dice.chance(0.6));
      }
      if (testing::Test::HasFailure())
        FAIL() << "round " << round << ", step " << step;
    }
    while (!under_way.empty() || !waiting.empty()) {
      if (under_way.empty())
        under_way = waiting.take(everything);
      settle(true);
    }
    for (const auto& each : streams)
      ASSERT_EQ(client.position(each.name()), each.position()) << "round " << round;
  }
}

} // namespace
} // namespace tradepulse
