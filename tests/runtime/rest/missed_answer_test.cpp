// What an answer says of each number between fromSeq and toSeq.
#include "runtime/rest/missed_answer.hpp"

#include <gtest/gtest.h>

namespace tradepulse {
namespace {

const symbol aapl = *symbol::parse("AAPL");

stream_position pos(std::int64_t e, std::int64_t seq) {
  return {epoch{e}, sequence{seq}};
}

missed_request request(const std::string& more) {
  return parse_missed_request("symbol=AAPL&" + more).value();
}

burst_ptr burst(std::int64_t e, std::int64_t first, std::int64_t last) {
  std::vector<numbered_event> events;
  for (auto seq = first; seq <= last; ++seq) {
    numbered_event event;
    event.seq = sequence{seq};
    event.price = price{seq * decimal_unit};
    event.event_time = time_ms{std::chrono::milliseconds{1'000 + seq}};
    events.push_back(event);
  }
  return std::make_shared<const price_burst>(stream_index{0}, aapl, epoch{e}, events, time_ms{});
}

// Of epoch 1, everything kept and committed is 1..highest.
history_page page(std::vector<burst_ptr> bursts, std::int64_t highest, bool more = false) {
  history_page out;
  out.bursts = std::move(bursts);
  out.lowest = pos(1, 1);
  out.highest = pos(1, highest);
  out.epoch_lowest = sequence{1};
  out.epoch_highest = sequence{highest};
  out.committed = pos(1, highest);
  out.more = more;
  return out;
}

// The answer without the events: `"count"` and what stands behind `data`.
std::string outline(const std::string& body) {
  const auto begin = body.find(R"("data":[)");
  const auto end = body.find(R"(],)", begin);
  const auto from = body.find(R"("epoch")");
  return body.substr(from, begin - from) + body.substr(end + 2);
}

std::string ask(const std::string& parameters, stream_position published,
                const history_page& with) {
  missed_answer answer(request(parameters), published);
  EXPECT_FALSE(answer.take(with));
  return outline(answer.body());
}

TEST(MissedAnswer, HasEachEventExactly) {
  numbered_event full;
  full.seq = sequence{8};
  full.price = price{15'025'000'000};
  full.volume = quantity{int128{999'999'999'999} * decimal_unit + 99'999'999};
  full.event_time = time_ms{std::chrono::milliseconds{1'723'161'256'543}};
  full.source_sequence = -7;
  full.late = true;
  numbered_event bare;
  bare.seq = sequence{9};
  bare.price = price{1};
  bare.event_time = time_ms{std::chrono::milliseconds{1'723'161'256'544}};
  missed_answer answer(request("fromSeq=7"), pos(1, 9));
  answer.take(page({std::make_shared<const price_burst>(stream_index{0}, aapl, epoch{1},
                                                        std::vector{full, bare}, time_ms{})},
                   9));
  EXPECT_EQ(answer.body(),
            R"({"symbol":"AAPL","stream":"price","epoch":1,"seq":9,"fromSeq":7,"toSeq":9,)"
            R"("count":2,"data":[{"seq":8,"epoch":1,"timestamp":1723161256543,"price":150.25,)"
            R"("volume":999999999999.99999999,"source_sequence":-7,"late":true},)"
            R"({"seq":9,"epoch":1,"timestamp":1723161256544,"price":0.00000001,"volume":null}],)"
            R"("lowest":1,"highest":9,"gaps":[]})");
}

TEST(MissedAnswer, AsksForWhatIsMissedAndNoMore) {
  const missed_answer answer(request("fromSeq=7&toSeq=9&limit=5"), pos(3, 100));
  const auto query = answer.next_query();
  EXPECT_EQ(query.symbol, aapl);
  EXPECT_EQ(query.after, pos(3, 7)); // the current epoch
  EXPECT_EQ(query.through, pos(3, 9));
  EXPECT_EQ(query.limit, 5U);
  const missed_answer old(request("epoch=2&fromSeq=7"), pos(3, 100));
  EXPECT_EQ(old.next_query().after, pos(2, 7));
  EXPECT_EQ(old.next_query().through, pos(2, 9'223'372'036'854'775'807));
}

TEST(MissedAnswer, EndsAtToSeq) {
  EXPECT_EQ(
      ask("fromSeq=2&toSeq=4", pos(1, 9), page({burst(1, 3, 4)}, 9)),
      R"("epoch":1,"seq":4,"fromSeq":2,"toSeq":4,"count":2,"lowest":1,"highest":9,"gaps":[]})");
}

TEST(MissedAnswer, HasNothingToSayToWhoMissedNothing) {
  EXPECT_EQ(
      ask("fromSeq=9", pos(1, 9), page({}, 9)),
      R"("epoch":1,"seq":9,"fromSeq":9,"toSeq":9,"count":0,"lowest":1,"highest":9,"gaps":[]})");
}

TEST(MissedAnswer, SaysWhereToGoOnWhereItWasCut) {
  EXPECT_EQ(ask("fromSeq=0&limit=3", pos(1, 9), page({burst(1, 1, 3)}, 9, true)),
            R"("epoch":1,"seq":3,"fromSeq":0,"toSeq":9,"count":3,"next":3,"lowest":1,"highest":9,)"
            R"("gaps":[]})");
  EXPECT_EQ(
      ask("fromSeq=0&limit=3&toSeq=3", pos(1, 9), page({burst(1, 1, 3)}, 9)),
      R"("epoch":1,"seq":3,"fromSeq":0,"toSeq":3,"count":3,"lowest":1,"highest":9,"gaps":[]})");
}

// Cut by the limit at the last one that is committed: the rest is told when it is asked for.
TEST(MissedAnswer, IsCutAlsoBeforeAGap) {
  EXPECT_EQ(ask("fromSeq=0&limit=3", pos(1, 5), page({burst(1, 1, 3)}, 3)),
            R"("epoch":1,"seq":3,"fromSeq":0,"toSeq":5,"count":3,"next":3,"lowest":1,"highest":3,)"
            R"("gaps":[]})");
}

// Merged with others: it begins before, goes beyond, and holds another epoch.
TEST(MissedAnswer, TakesItsOwnOutOfAPageForMany) {
  EXPECT_EQ(
      ask("fromSeq=2&toSeq=4", pos(1, 9), page({burst(1, 1, 9)}, 9)),
      R"("epoch":1,"seq":4,"fromSeq":2,"toSeq":4,"count":2,"lowest":1,"highest":9,"gaps":[]})");
  auto both = page({burst(1, 1, 9), burst(2, 1, 5)}, 9);
  both.highest = pos(2, 5);
  EXPECT_EQ(ask("epoch=1&fromSeq=7", pos(2, 5), both),
            R"("epoch":1,"seq":9,"fromSeq":7,"toSeq":9,"count":2,"lowest":1,"highest":9,"gaps":[],)"
            R"("ended_at":9})");
}

TEST(MissedAnswer, NeedsAnotherPageWhereOneForManyEndedEarly) {
  missed_answer answer(request("fromSeq=5&limit=10"), pos(1, 100));
  EXPECT_TRUE(answer.take(page({burst(1, 1, 10)}, 100, true)));
  EXPECT_EQ(answer.next_query().after, pos(1, 10));
  EXPECT_EQ(answer.next_query().limit, 5U);
  EXPECT_FALSE(answer.take(page({burst(1, 11, 15)}, 100, true)));
  EXPECT_EQ(outline(answer.body()),
            R"("epoch":1,"seq":15,"fromSeq":5,"toSeq":100,"count":10,"next":15,"lowest":1,)"
            R"("highest":100,"gaps":[]})");
}

TEST(MissedAnswer, TellsWhatIsPublishedAndNotCommitted) {
  EXPECT_EQ(ask("fromSeq=2", pos(1, 9), page({burst(1, 3, 4)}, 4)),
            R"("epoch":1,"seq":4,"fromSeq":2,"toSeq":9,"count":2,"lowest":1,"highest":4,)"
            R"("gaps":[{"from":5,"to":9,"reason":"not_committed"}]})");
  EXPECT_EQ(ask("fromSeq=6", pos(1, 9), page({}, 4)),
            R"("epoch":1,"seq":6,"fromSeq":6,"toSeq":9,"count":0,"lowest":1,"highest":4,)"
            R"("gaps":[{"from":7,"to":9,"reason":"not_committed"}]})");
}

TEST(MissedAnswer, TellsWhatWasNeverNumbered) {
  EXPECT_EQ(ask("fromSeq=2&toSeq=12", pos(1, 9), page({burst(1, 3, 4)}, 4)),
            R"("epoch":1,"seq":4,"fromSeq":2,"toSeq":12,"count":2,"lowest":1,"highest":4,)"
            R"("gaps":[{"from":5,"to":9,"reason":"not_committed"},)"
            R"({"from":10,"to":12,"reason":"not_yet"}]})");
  // Ahead of the engine: nothing is between fromSeq and what is known.
  EXPECT_EQ(ask("fromSeq=20", pos(1, 9), page({}, 9)),
            R"("epoch":1,"seq":20,"fromSeq":20,"toSeq":20,"count":0,"lowest":1,"highest":9,)"
            R"("gaps":[]})");
  EXPECT_EQ(ask("fromSeq=20&toSeq=9223372036854775807", pos(1, 9), page({}, 9)),
            R"("epoch":1,"seq":20,"fromSeq":20,"toSeq":9223372036854775807,"count":0,"lowest":1,)"
            R"("highest":9,"gaps":[{"from":21,"to":9223372036854775807,"reason":"not_yet"}]})");
}

TEST(MissedAnswer, TellsWhatIsNotKeptBelowBetweenAndBehind) {
  auto kept = page({burst(1, 5, 6), burst(1, 9, 9)}, 9);
  kept.lowest = pos(1, 5);
  kept.epoch_lowest = sequence{5};
  kept.committed = pos(1, 11); // the journal was switched off by then
  EXPECT_EQ(
      ask("fromSeq=1", pos(1, 11), kept),
      R"("epoch":1,"seq":11,"fromSeq":1,"toSeq":11,"count":3,"lowest":5,"highest":9,)"
      R"("gaps":[{"from":2,"to":4,"reason":"not_kept"},{"from":7,"to":8,"reason":"not_kept"},)"
      R"({"from":10,"to":11,"reason":"not_kept"}]})");
  kept.bursts.clear();
  EXPECT_EQ(ask("fromSeq=1&toSeq=3", pos(1, 11), kept),
            R"("epoch":1,"seq":3,"fromSeq":1,"toSeq":3,"count":0,"lowest":5,"highest":9,)"
            R"("gaps":[{"from":2,"to":3,"reason":"not_kept"}]})");
}

TEST(MissedAnswer, TellsOfAStreamOfWhichNothingIsKeptYet) {
  history_page nothing;
  nothing.committed = pos(1, 7); // before there was a journal
  EXPECT_EQ(ask("fromSeq=5", pos(1, 9), nothing),
            R"("epoch":1,"seq":7,"fromSeq":5,"toSeq":9,"count":0,"lowest":null,"highest":null,)"
            R"("gaps":[{"from":6,"to":7,"reason":"not_kept"},)"
            R"({"from":8,"to":9,"reason":"not_committed"}]})");
}

TEST(MissedAnswer, SaysWhereAnEpochEnded) {
  EXPECT_EQ(ask("epoch=1&fromSeq=7&toSeq=12", pos(2, 3), page({burst(1, 8, 9)}, 9)),
            R"("epoch":1,"seq":9,"fromSeq":7,"toSeq":12,"count":2,"lowest":1,"highest":9,)"
            R"("gaps":[{"from":10,"to":12,"reason":"epoch_ended"}],"ended_at":9})");
  EXPECT_EQ(ask("epoch=1&fromSeq=9", pos(2, 3), page({}, 9)),
            R"("epoch":1,"seq":9,"fromSeq":9,"toSeq":9,"count":0,"lowest":1,"highest":9,)"
            R"("gaps":[],"ended_at":9})");
}

// Another partition has gone on with the symbol and was committed first.
TEST(MissedAnswer, NamesNoEndWhileEventsOfTheEpochWaitForTheirCommit) {
  auto later = page({burst(1, 8, 9)}, 9);
  later.highest = later.committed = pos(2, 3);
  const auto with = [&](const std::string& parameters) {
    missed_answer answer(request(parameters), pos(2, 3), sequence{12});
    EXPECT_FALSE(answer.take(later));
    return outline(answer.body());
  };
  EXPECT_EQ(with("epoch=1&fromSeq=7"),
            R"("epoch":1,"seq":9,"fromSeq":7,"toSeq":12,"count":2,"lowest":1,"highest":9,)"
            R"("gaps":[{"from":10,"to":12,"reason":"not_committed"}]})");
  EXPECT_EQ(with("epoch=1&fromSeq=7&toSeq=13"),
            R"("epoch":1,"seq":9,"fromSeq":7,"toSeq":13,"count":2,"lowest":1,"highest":9,)"
            R"("gaps":[{"from":10,"to":12,"reason":"not_committed"},)"
            R"({"from":13,"to":13,"reason":"not_yet"}]})");
  // Nothing of it is committed yet.
  later.bursts.clear();
  later.epoch_lowest = later.epoch_highest = sequence{0};
  EXPECT_EQ(with("epoch=1&fromSeq=0"),
            R"("epoch":1,"seq":0,"fromSeq":0,"toSeq":12,"count":0,"lowest":null,"highest":null,)"
            R"("gaps":[{"from":1,"to":12,"reason":"not_committed"}]})");
}

// What is published may be more than the page shows: the next answer says where it ended.
TEST(MissedAnswer, NamesNoEndWhereOnlyThePageShowsALaterEpoch) {
  auto later = page({burst(1, 8, 9)}, 9);
  later.committed = pos(2, 0);
  EXPECT_EQ(
      ask("fromSeq=7", pos(1, 9), later),
      R"("epoch":1,"seq":9,"fromSeq":7,"toSeq":9,"count":2,"lowest":1,"highest":9,"gaps":[]})");
}

TEST(MissedAnswer, KnowsNoEndOfAnEpochOfWhichNothingIsKept) {
  history_page other;
  other.lowest = pos(2, 1);
  other.highest = pos(2, 3);
  other.committed = pos(2, 3);
  EXPECT_EQ(ask("epoch=1&fromSeq=7", pos(2, 3), other),
            R"("epoch":1,"seq":7,"fromSeq":7,"toSeq":null,"count":0,"lowest":null,"highest":null,)"
            R"("gaps":[{"from":8,"to":null,"reason":"not_kept"}],"ended_at":null})");
  EXPECT_EQ(ask("epoch=1&fromSeq=7&toSeq=9", pos(2, 3), other),
            R"("epoch":1,"seq":7,"fromSeq":7,"toSeq":9,"count":0,"lowest":null,"highest":null,)"
            R"("gaps":[{"from":8,"to":9,"reason":"not_kept"}],"ended_at":null})");
}

// No number is above the greatest one.
TEST(MissedAnswer, HasNothingBehindTheGreatestNumber) {
  const std::string greatest = "9223372036854775807";
  const std::string head = R"("epoch":1,"seq":)" + greatest + R"(,"fromSeq":)" + greatest;
  EXPECT_EQ(ask("epoch=1&fromSeq=" + greatest, pos(2, 3), history_page{}),
            head + R"(,"toSeq":null,"count":0,"lowest":null,"highest":null,"gaps":[],)"
                   R"("ended_at":null})");
  EXPECT_EQ(ask("epoch=1&fromSeq=" + greatest, pos(1, 9), page({}, 9)),
            head + R"(,"toSeq":)" + greatest +
                R"(,"count":0,"lowest":1,"highest":9,"gaps":[]})");
  EXPECT_EQ(ask("epoch=1&fromSeq=9223372036854775806&toSeq=" + greatest, pos(2, 3), history_page{}),
            R"("epoch":1,"seq":9223372036854775806,"fromSeq":9223372036854775806,"toSeq":)" +
                greatest + R"(,"count":0,"lowest":null,"highest":null,"gaps":[{"from":)" +
                greatest + R"(,"to":)" + greatest + R"(,"reason":"not_kept"}],"ended_at":null})");
}

} // namespace
} // namespace tradepulse
