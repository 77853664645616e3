#include "actors/market/stream_numbering.hpp"

#include <gtest/gtest.h>

#include "tests/actors/support/samples.hpp"

namespace tradepulse {
namespace {

using samples::at;
using samples::costs;
using samples::named;
using samples::pos;
using samples::some_time;
using samples::tick_at;

constexpr epoch no_floor{1};
const topic_partition home{"ticks", 0};
const topic_partition other{"ticks", 1};

price_stream::numbered apply(price_stream& to, const tick& t, const topic_partition& from = home,
                             epoch floor = no_floor) {
  return to.apply({&t, 1}, from, floor);
}
// The record's own time, in minutes after some_time.
tick appended_at(std::int64_t offset, std::int64_t minutes) {
  tick out = tick_at(offset, 1, offset);
  out.append_time = at(some_time + minutes * 60'000);
  return out;
}
stored_stream stored(stream_position position, std::int64_t price_seq, std::int64_t ms) {
  stored_stream out;
  out.symbol = named("A");
  out.position = position;
  out.snapshot = samples::snapshot("A", position, 50, ms);
  out.snapshot->price_seq = sequence{price_seq};
  out.home = home;
  return out;
}

TEST(PriceStream, NumbersFromOneWithoutHoles) {
  price_stream stream{named("A")};
  const std::vector<tick> ticks{tick_at(4, 10, 0), tick_at(9, 11, 1), tick_at(10, 12, 2)};
  auto done = stream.apply(ticks, home, no_floor);
  EXPECT_EQ(done.epoch, epoch{1});
  ASSERT_EQ(done.events.size(), 3u);
  EXPECT_EQ(done.events[0].seq, sequence{1});
  EXPECT_EQ(done.events[2].seq, sequence{3});
  EXPECT_EQ(apply(stream, tick_at(11, 13, 3)).events[0].seq, sequence{4});
  EXPECT_EQ(stream.row().position, pos(1, 4));
  EXPECT_EQ(stream.row().snapshot->price, costs(13));
  EXPECT_EQ(stream.row().home, home);
  EXPECT_FALSE(done.moved_home);
}

TEST(PriceStream, NumbersALateEventAndKeepsTheNewerSnapshot) {
  price_stream stream{named("A")};
  apply(stream, tick_at(0, 10, 1'000));
  auto late = apply(stream, tick_at(1, 9, 999));
  EXPECT_TRUE(late.events[0].late);
  EXPECT_EQ(late.events[0].seq, sequence{2});
  EXPECT_EQ(stream.row().snapshot->price, costs(10));
  EXPECT_EQ(stream.row().snapshot->price_seq, sequence{1});
  EXPECT_EQ(stream.row().snapshot->position, pos(1, 2));
  EXPECT_EQ(stream.row().position, pos(1, 2));
}

// The journal is written by who has the ticks and not the stream.
TEST(PriceStream, SaysByWhatItsLateEventsCanBeTold) {
  price_stream stream{named("A")};
  EXPECT_EQ(apply(stream, tick_at(0, 10, 1'000)).newest_before, lateness::nothing_before);
  EXPECT_EQ(apply(stream, tick_at(1, 9, 999)).newest_before, at(some_time + 1'000));
  EXPECT_EQ(apply(stream, tick_at(2, 9, 1'001)).newest_before, at(some_time + 1'000));
  EXPECT_EQ(apply(stream, tick_at(3, 9, 0)).newest_before, at(some_time + 1'001));
  // An epoch's first event is late by nothing.
  EXPECT_EQ(apply(stream, tick_at(4, 9, 0), other).newest_before, lateness::nothing_before);
  EXPECT_EQ(apply(stream, tick_at(5, 9, 0), other).newest_before, at(some_time));
  stream.restore(stored(pos(7, 8), 0, 5'000)); // the event shown is older than the epoch
  EXPECT_EQ(apply(stream, tick_at(6, 9, 0)).newest_before, lateness::nothing_before);
}

// What it shows was refused by the database, and only that it was newer is known.
TEST(PriceStream, IsLateByAnEventWhoseRowWasRefused) {
  price_stream stream{named("A")};
  auto row = stored(pos(1, 5), 3, 500);
  row.newest = newest_event{at(some_time + 1'000), 70};
  stream.restore(row);
  const auto late = apply(stream, tick_at(5, 9, 999));
  EXPECT_TRUE(late.events[0].late);
  EXPECT_EQ(late.newest_before, at(some_time + 1'000));
  EXPECT_EQ(stream.row().snapshot->price, costs(9)); // the newest that can be shown
  EXPECT_EQ(stream.row().snapshot->price_seq, sequence{6});
  EXPECT_EQ(stream.row().newest, row.newest);
  const auto later = apply(stream, tick_at(6, 8, 998));
  EXPECT_TRUE(later.events[0].late);
  EXPECT_EQ(stream.row().snapshot->price_seq, sequence{6});
  EXPECT_EQ(stream.row().snapshot->position, pos(1, 7));
  EXPECT_FALSE(apply(stream, tick_at(7, 7, 1'000)).events[0].late);
  EXPECT_FALSE(stream.row().newest); // the row says it again
  EXPECT_EQ(apply(stream, tick_at(8, 7, 999)).newest_before, at(some_time + 1'000));
}

TEST(PriceStream, ShowsALateEventWhereNothingElseCanBeShown) {
  price_stream stream{named("A")};
  auto row = stored(pos(1, 5), 5, 500);
  row.snapshot.reset();
  row.newest = newest_event{at(some_time + 1'000), {}};
  stream.restore(row);
  EXPECT_TRUE(apply(stream, tick_at(5, 9, 999)).events[0].late);
  EXPECT_EQ(stream.row().snapshot->price, costs(9));
  EXPECT_EQ(stream.row().snapshot->position, pos(1, 6));
}

TEST(PriceStream, ForgetsWithItsEpochWhatWasRefused) {
  price_stream stream{named("A")};
  auto row = stored(pos(1, 5), 3, 500);
  row.newest = newest_event{at(some_time + 1'000), 70};
  stream.restore(row);
  EXPECT_FALSE(apply(stream, tick_at(5, 9, 1), home, epoch{2}).events[0].late);
  EXPECT_FALSE(stream.row().newest);
}

TEST(PriceStream, LetsTheLaterOffsetWinATie) {
  price_stream stream{named("A")};
  apply(stream, tick_at(0, 10, 1'000));
  auto same_time = apply(stream, tick_at(1, 9, 1'000));
  EXPECT_FALSE(same_time.events[0].late);
  EXPECT_EQ(stream.row().snapshot->price, costs(9));
  EXPECT_EQ(stream.row().snapshot->price_seq, sequence{2});
}

TEST(PriceStream, JudgesLateByTheNewestOfTheEpochAndNotByTheLastEvent) {
  price_stream stream{named("A")};
  apply(stream, tick_at(0, 10, 1'000));
  apply(stream, tick_at(1, 9, 500));
  EXPECT_TRUE(apply(stream, tick_at(2, 8, 700)).events[0].late);
  EXPECT_FALSE(apply(stream, tick_at(3, 8, 1'001)).events[0].late);
}

TEST(PriceStream, TakesARaisedFloorWithItsNextEvent) {
  price_stream stream{named("A")};
  apply(stream, tick_at(0, 10, 1'000));
  auto done = apply(stream, tick_at(1, 9, 1), home, epoch{4});
  EXPECT_EQ(done.epoch, epoch{4});
  EXPECT_EQ(done.events[0].seq, sequence{1});
  EXPECT_FALSE(done.events[0].late); // the first of an epoch, whatever its time
  EXPECT_EQ(stream.row().snapshot->price, costs(9));
  EXPECT_FALSE(done.moved_home); // a floor is committed before anybody meets it
}

TEST(PriceStream, StaysInAnEpochThatIsAboveTheFloor) {
  price_stream stream{named("A")};
  stream.restore(stored(pos(5, 10), 10, 0));
  auto done = apply(stream, tick_at(1, 9, 1), home, epoch{4});
  EXPECT_EQ(done.epoch, epoch{5});
  EXPECT_EQ(done.events[0].seq, sequence{11});
}

TEST(PriceStream, BeginsAnEpochWhenItsHomeMoves) {
  price_stream stream{named("A")};
  apply(stream, tick_at(7, 10, 1'000));
  auto done = apply(stream, tick_at(3, 9, 1), other);
  EXPECT_TRUE(done.moved_home);
  EXPECT_EQ(done.epoch, epoch{2});
  EXPECT_EQ(done.events[0].seq, sequence{1});
  EXPECT_FALSE(done.events[0].late);
  EXPECT_EQ(stream.row().home, other);
  EXPECT_EQ(stream.row().flags, stream_flags::none);
}

TEST(PriceStream, TakesTheNewPartitionsFloorWhereThatIsHigher) {
  price_stream stream{named("A")};
  apply(stream, tick_at(7, 10, 0));
  EXPECT_EQ(apply(stream, tick_at(3, 9, 1), other, epoch{9}).epoch, epoch{9});
}

TEST(PriceStream, RisesByOneWhereTheNewPartitionsFloorIsLower) {
  price_stream stream{named("A")};
  stream.restore(stored(pos(6, 10), 10, 0));
  EXPECT_EQ(apply(stream, tick_at(3, 9, 1), other, epoch{2}).epoch, epoch{7});
}

TEST(PriceStream, IsMarkedUnorderedByASecondMoveWithinAnHour) {
  price_stream stream{named("A")};
  apply(stream, appended_at(0, 0));
  apply(stream, appended_at(1, 10), other);
  EXPECT_FALSE(has(stream.row().flags, stream_flags::unordered));
  auto back = apply(stream, appended_at(2, 69), home);
  EXPECT_EQ(back.epoch, epoch{3});
  EXPECT_TRUE(has(stream.row().flags, stream_flags::unordered));
}

TEST(PriceStream, IsNotMarkedUnorderedByASecondMoveAnHourLater) {
  price_stream stream{named("A")};
  apply(stream, appended_at(0, 0));
  apply(stream, appended_at(1, 10), other);
  apply(stream, appended_at(2, 70), home);
  EXPECT_FALSE(has(stream.row().flags, stream_flags::unordered));
  EXPECT_EQ(stream.row().position, pos(3, 1));
}

TEST(PriceStream, RemembersAcrossARestartWhenItMoved) {
  price_stream stream{named("A")};
  apply(stream, appended_at(0, 0));
  apply(stream, appended_at(1, 10), other);
  price_stream restarted{named("A")};
  restarted.restore(stream.row());
  apply(restarted, appended_at(2, 69), home);
  EXPECT_TRUE(has(restarted.row().flags, stream_flags::unordered));
}

TEST(PriceStream, GivesAnAdoptedRowItsHomeAndItsFirstEpochWithTheFirstEvent) {
  auto adopted = stored(pos(0, 0), 0, 5'000);
  adopted.home.reset();
  price_stream stream{named("A")};
  stream.restore(adopted);
  auto done = apply(stream, tick_at(0, 10, 0)); // older than what the row shows
  EXPECT_EQ(done.epoch, epoch{1});
  EXPECT_EQ(done.events[0].seq, sequence{1});
  EXPECT_FALSE(done.events[0].late);
  EXPECT_FALSE(done.moved_home);
  EXPECT_EQ(stream.row().home, home);
  EXPECT_EQ(stream.row().snapshot->price, costs(10));
  EXPECT_EQ(stream.row().home_moved_at, std::nullopt);
}

TEST(PriceStream, ReplacesASnapshotThatIsOlderThanItsEpochWhateverTheTimeOfTheNextEvent) {
  price_stream stream{named("A")};
  stream.restore(stored(pos(3, 4), 0, 5'000)); // price_seq 0: of an epoch before
  auto done = apply(stream, tick_at(0, 10, 0));
  EXPECT_EQ(done.events[0].seq, sequence{5});
  EXPECT_FALSE(done.events[0].late);
  EXPECT_EQ(stream.row().snapshot->price, costs(10));
  EXPECT_EQ(stream.row().snapshot->price_seq, sequence{5});
}

TEST(PriceStream, KeepsARestoredSnapshotOfItsEpochAgainstAnOlderEvent) {
  price_stream stream{named("A")};
  stream.restore(stored(pos(3, 4), 2, 5'000));
  EXPECT_TRUE(apply(stream, tick_at(0, 10, 0)).events[0].late);
  EXPECT_EQ(stream.row().snapshot->price, costs(50));
}

TEST(PriceStream, CountsTheNumbersOfTheSourceThatNeverCame) {
  price_stream stream{named("A")};
  auto with = [](std::int64_t offset, std::int64_t number) {
    tick t = tick_at(offset, 10, offset);
    t.source_sequence = number;
    return t;
  };
  EXPECT_EQ(apply(stream, with(0, 100)).source_gap, 0);
  EXPECT_EQ(apply(stream, with(1, 101)).source_gap, 0);
  EXPECT_EQ(apply(stream, with(2, 105)).source_gap, 3);
  EXPECT_EQ(apply(stream, with(3, 104)).source_gap, 0); // one that came after all is no gap
}

TEST(PriceStream, DoesNotCountALateEventsNumberAsOneThatNeverCame) {
  price_stream stream{named("A")};
  auto with = [](std::int64_t offset, std::int64_t ms, std::int64_t number) {
    tick t = tick_at(offset, 10, ms);
    t.source_sequence = number;
    return t;
  };
  apply(stream, with(0, 1'000, 100));
  EXPECT_EQ(apply(stream, with(1, 999, 101)).source_gap, 0);
  EXPECT_EQ(apply(stream, with(2, 1'001, 102)).source_gap, 0);
}

// What a client sees of an event.
using seen = std::tuple<std::int64_t, std::int64_t, std::int64_t, bool>;

struct logged {
  tick record;
  topic_partition source;
  epoch floor;
};

std::vector<logged> random_log(samples::dice& dice, std::size_t length) {
  std::vector<logged> out;
  topic_partition source = home;
  epoch floor{1};
  std::int64_t minutes = 0;
  for (std::size_t i = 0; i < length; ++i) {
    if (dice.chance(0.03))
      source = source == home ? other : home;
    if (dice.chance(0.03))
      floor = epoch{floor.value() + dice.between(1, 3)};
    minutes += dice.between(0, 12);
    tick t = tick_at(static_cast<std::int64_t>(i), dice.between(1, 500), dice.between(0, 300));
    t.append_time = at(some_time + minutes * 60'000);
    out.push_back({t, source, floor});
  }
  return out;
}

TEST(PriceStream, GivesTheSameNumbersHoweverOftenTheLogIsReadAgainFromAStoredPlace) {
  samples::dice dice{samples::seed("PriceStream.replay")};
  for (int round = 0; round < 100; ++round) {
    const auto log = random_log(dice, 120);
    std::vector<seen> expected;
    std::vector<stored_stream> rows{stored_stream{}}; // as of each place in the log
    price_stream whole{named("A")};
    for (const auto& each : log) {
      auto done = apply(whole, each.record, each.source, each.floor);
      expected.emplace_back(done.epoch.value(), done.events[0].seq.value(),
                            done.events[0].price.units(), done.events[0].late);
      rows.push_back(whole.row());
    }
    // A process that dies at random places and goes on from what was committed before.
    price_stream living{named("A")};
    std::size_t next = 0;
    int crashes = 0;
    while (next < log.size()) {
      const auto& each = log[next];
      auto done = apply(living, each.record, each.source, each.floor);
      ASSERT_EQ(expected[next], (seen{done.epoch.value(), done.events[0].seq.value(),
                                      done.events[0].price.units(), done.events[0].late}))
          << "record " << next << " after " << crashes << " crashes, round " << round;
      ++next;
      if (crashes < 100 && dice.chance(0.2)) {
        ++crashes;
        const auto committed = static_cast<std::size_t>(
            dice.between(static_cast<std::int64_t>(next) -
                             std::min<std::int64_t>(10, static_cast<std::int64_t>(next)),
                         static_cast<std::int64_t>(next)));
        living = price_stream{named("A")};
        if (committed > 0)
          living.restore(rows[committed]);
        next = committed;
      }
    }
    EXPECT_EQ(living.row().position, rows.back().position);
    EXPECT_EQ(living.row().snapshot->price, rows.back().snapshot->price);
    EXPECT_EQ(living.row().flags, rows.back().flags);
  }
}

TEST(PriceStream, GivesTheSameNumbersHoweverTheLogIsCutIntoBatches) {
  samples::dice dice{samples::seed("PriceStream.batches")};
  for (int round = 0; round < 100; ++round) {
    std::vector<tick> ticks;
    for (std::int64_t i = 0; i < 60; ++i)
      ticks.push_back(tick_at(i, dice.between(1, 500), dice.between(0, 100)));
    price_stream one{named("A")};
    const auto expected = one.apply(ticks, home, no_floor).events;
    price_stream cut{named("A")};
    std::vector<numbered_event> got;
    for (std::size_t i = 0; i < ticks.size();) {
      const auto n =
          std::min<std::size_t>(ticks.size() - i, static_cast<std::size_t>(dice.between(1, 9)));
      auto part = cut.apply(std::span{ticks}.subspan(i, n), home, no_floor);
      got.insert(got.end(), part.events.begin(), part.events.end());
      i += n;
    }
    ASSERT_EQ(got.size(), expected.size());
    for (std::size_t i = 0; i < got.size(); ++i) {
      ASSERT_EQ(got[i].seq, expected[i].seq);
      ASSERT_EQ(got[i].late, expected[i].late);
    }
    EXPECT_EQ(one.row().snapshot->price_seq, cut.row().snapshot->price_seq);
  }
}

} // namespace
} // namespace tradepulse
