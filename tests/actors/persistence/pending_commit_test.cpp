#include "actors/persistence/pending_commit.hpp"

#include <gtest/gtest.h>

#include "tests/actors/support/fake_decoder.hpp"
#include "tests/actors/support/samples.hpp"

namespace tradepulse {
namespace {

using samples::costs;
using samples::named;
using samples::pos;

const topic_partition source{"ticks", 0};
const time_ms noon{std::chrono::milliseconds{1'700'000'000'000}};

struct PendingCommit : testing::Test {
  // One record per offset in [from, to); `names[i]` is the symbol of the i-th, and its row stands
  // at `seq` in epoch `e` and shows `whole`.
  static std::shared_ptr<ingest_range> range(std::int64_t from, std::int64_t to,
                                             std::vector<std::string_view> names,
                                             std::int64_t seq = 1, std::int64_t whole = 10,
                                             std::int64_t e = 1) {
    std::vector<samples::line> lines;
    auto out = std::make_shared<ingest_range>();
    for (std::size_t i = 0; i < names.size(); ++i) {
      const auto offset = to - static_cast<std::int64_t>(names.size() - i);
      lines.push_back({offset, std::string(names[i]) + " 1 0"});
      out->ticks.push_back(samples::tick_at(offset, whole, 0));
      ingest_range::slot slot;
      slot.symbol = named(names[i]);
      slot.first = static_cast<std::uint32_t>(i);
      slot.count = 1;
      slot.row.symbol = slot.symbol;
      slot.row.position = pos(e, seq);
      slot.row.snapshot = samples::snapshot(names[i], pos(e, seq), whole, 0);
      out->slots.push_back(slot);
    }
    out->batch = samples::batch_of(source, generation{2}, lines);
    out->gen = generation{2};
    out->from = next_offset{from};
    out->to = next_offset{to};
    out->cluster_id = "c";
    out->last_applied =
        applied_record{record_offset{to - 1}, static_cast<std::uint64_t>(to) * 1'000};
    return out;
  }
  static std::vector<std::string> symbols_of(const range_commit& work) {
    std::vector<std::string> out;
    for (const auto& row : work.rows)
      out.push_back(row.stream.symbol.str());
    return out;
  }
  pending_commit pending{source, generation{2}, next_offset{10}};
};

TEST_F(PendingCommit, MakesOneTransactionOfRangesThatFollowEachOther) {
  pending.add(range(10, 12, {"A", "B"}, 1));
  pending.add(range(12, 15, {"C", "A"}, 7, 70));
  const auto work = pending.work(noon);
  EXPECT_EQ(work.source, source);
  EXPECT_EQ(work.gen, generation{2});
  EXPECT_EQ(work.from, next_offset{10});
  EXPECT_EQ(work.to, next_offset{15});
  EXPECT_EQ(work.cluster_id, "c");
  EXPECT_EQ(work.last_applied->digest, 15'000u);
  EXPECT_EQ(symbols_of(work), (std::vector<std::string>{"A", "B", "C"})); // sorted
  EXPECT_EQ(work.rows[0].stream.position, pos(1, 7)); // the newest row of a symbol
  EXPECT_EQ(work.rows[0].stream.snapshot->price, costs(70));
  EXPECT_EQ(pending.rows(), 3u);
  EXPECT_EQ(pending.events(), 4u);
}

TEST_F(PendingCommit, WaitsForTheRangeBeforeWhereOneIsCompleteEarlier) {
  pending.add(range(12, 15, {"A"}, 3, 30));
  EXPECT_TRUE(pending.empty());
  EXPECT_EQ(pending.ranges(), 1u);
  pending.add(range(15, 16, {"A"}, 4, 40));
  EXPECT_TRUE(pending.empty());
  pending.add(range(10, 12, {"A"}, 1, 10));
  EXPECT_EQ(pending.work(noon).to, next_offset{16});
  EXPECT_EQ(pending.work(noon).rows.at(0).stream.position, pos(1, 4)); // newest by offset
}

TEST_F(PendingCommit, CommitsUpToAHoleAndNoFurther) {
  pending.add(range(10, 12, {"A"}, 1));
  pending.add(range(13, 15, {"A"}, 9));
  const auto work = pending.work(noon);
  EXPECT_EQ(work.to, next_offset{12});
  EXPECT_EQ(work.last_applied->digest, 12'000u);
  EXPECT_EQ(work.rows.at(0).stream.position, pos(1, 1));
}

TEST_F(PendingCommit, GoesOnFromWhereTheLastTransactionEnded) {
  pending.add(range(10, 12, {"A"}, 1));
  pending.add(range(14, 15, {"A"}, 3));
  auto done = pending.committed();
  EXPECT_EQ(done.next, next_offset{12});
  EXPECT_EQ(done.last_applied->digest, 12'000u);
  EXPECT_EQ(done.events, 1u);
  EXPECT_TRUE(pending.empty());
  pending.add(range(12, 14, {"B"}, 1));
  const auto work = pending.work(noon);
  EXPECT_EQ(work.from, next_offset{12});
  EXPECT_EQ(work.to, next_offset{15});
  EXPECT_EQ(symbols_of(work), (std::vector<std::string>{"A", "B"}));
}

TEST_F(PendingCommit, TellsWhatBecameOfARangeBeyondItsEnd) {
  const auto first = range(10, 12, {"A"}, 1)->fate;
  EXPECT_EQ(*first, range_fate::lost); // it was nobody's
  auto done = range(10, 12, {"A"}, 1);
  auto behind_a_hole = range(14, 15, {"A"}, 3);
  const auto stored = done->fate;
  const auto waits = behind_a_hole->fate;
  pending.add(std::move(done));
  pending.add(std::move(behind_a_hole));
  EXPECT_EQ(*stored, range_fate::waits);
  pending.committed();
  EXPECT_EQ(*stored, range_fate::committed);
  EXPECT_EQ(*waits, range_fate::waits);
  pending = pending_commit(source, generation{3}, next_offset{12});
  EXPECT_EQ(*stored, range_fate::committed);
  EXPECT_EQ(*waits, range_fate::lost);
}

TEST_F(PendingCommit, MovesTheOffsetAlsoWhereARangeHasNoRows) {
  pending.add(range(10, 12, {}));
  EXPECT_FALSE(pending.empty());
  EXPECT_EQ(pending.work(noon).to, next_offset{12});
  EXPECT_TRUE(pending.work(noon).rows.empty());
}

TEST_F(PendingCommit, NamesTheEpochsThatMayBePublishedNow) {
  auto first = range(10, 12, {"A", "B"}, 1, 10, 4);
  first->slots[1].began_epoch = true;
  pending.add(first);
  auto done = pending.committed();
  ASSERT_EQ(done.begun_epochs.size(), 1u);
  EXPECT_EQ(done.begun_epochs[0].first, named("B"));
  EXPECT_EQ(done.begun_epochs[0].second, epoch{4});
}

TEST_F(PendingCommit, WritesTheRowOfAStoppedSymbol) {
  auto with_stop = range(10, 12, {"A"}, 1);
  stored_stream stopped;
  stopped.symbol = named("Z");
  stopped.position = pos(3, 0);
  stopped.flags = stream_flags::stopped;
  with_stop->extra_rows.push_back(stopped);
  pending.add(with_stop);
  const auto work = pending.work(noon);
  EXPECT_EQ(symbols_of(work), (std::vector<std::string>{"A", "Z"}));
  EXPECT_TRUE(has(work.rows[1].stream.flags, stream_flags::stopped));
}

TEST_F(PendingCommit, RefusesARangeOfAnotherGeneration) {
#ifdef TRADEPULSE_HARD_ASSERTIONS
  GTEST_SKIP() << "a broken contract ends the process in this build";
#else
  auto stale = range(10, 12, {"A"});
  stale->gen = generation{1};
  EXPECT_THROW(pending.add(stale), std::logic_error);
#endif
}

TEST_F(PendingCommit, KeepsOnlyThePositionOfARowThatTheDatabaseRefuses) {
  pending.add(range(10, 12, {"A", "B"}, 5));
  auto letters = pending.refuse({{named("B"), "22003", "numeric field overflow"}});
  const auto work = pending.work(noon);
  EXPECT_FALSE(work.rows.at(0).position_only);
  EXPECT_TRUE(work.rows.at(1).position_only);
  EXPECT_EQ(work.rows[1].stream.position, pos(1, 5)); // last_sequence advances all the same
  ASSERT_EQ(letters.size(), 1u);
  EXPECT_EQ(letters[0].reason, reject_reason::database_refused);
  EXPECT_EQ(letters[0].batch->records.at(letters[0].index).value, "B 1 0");
  EXPECT_NE(letters[0].detail.find("22003"), std::string::npos) << letters[0].detail;
}

TEST_F(PendingCommit, DeadLettersTheRecordsOfAllMergedRangesOfARefusedRow) {
  pending.add(range(10, 12, {"B", "A"}, 5));
  pending.add(range(12, 13, {"B"}, 6));
  pending.add(range(13, 14, {"A"}, 6));
  auto letters = pending.refuse({{named("B"), "22003", ""}});
  ASSERT_EQ(letters.size(), 2u);
  EXPECT_EQ(letters[0].batch->records.at(letters[0].index).offset, record_offset{10});
  EXPECT_EQ(letters[1].batch->records.at(letters[1].index).offset, record_offset{12});
}

TEST_F(PendingCommit, DeadLettersNothingTwiceWhereTheSameRowIsRefusedAgain) {
  pending.add(range(10, 12, {"B"}, 5));
  EXPECT_EQ(pending.refuse({{named("B"), "22003", ""}}).size(), 1u);
  EXPECT_TRUE(pending.refuse({{named("B"), "22003", ""}}).empty());
}

// Which events are late after a restart depends on it.
TEST_F(PendingCommit, LeavesOutWhatAnEpochHasShownOnlyWhereThatIsRefusedToo) {
  const newest_event shown{samples::at(1'000), 13};
  auto one = range(10, 12, {"A", "B"}, 5);
  for (auto& slot : one->slots) {
    slot.row.snapshot.reset(); // as of other kinds
    slot.row.newest = shown;
  }
  pending.add(one);
  pending.refuse({{named("B"), "23514", ""}});
  EXPECT_EQ(pending.work(noon).rows.at(1).stream.newest, shown);
  pending.refuse({{named("B"), "23514", ""}});
  EXPECT_EQ(pending.work(noon).rows.at(1).stream.newest,
            (newest_event{samples::at(1'000), std::nullopt}));
  pending.refuse({{named("B"), "23514", ""}});
  const auto work = pending.work(noon);
  EXPECT_EQ(work.rows.at(0).stream.newest, shown);
  EXPECT_FALSE(work.rows.at(1).stream.newest);
  EXPECT_EQ(work.rows[1].stream.position, pos(1, 5));
  pending.committed();
  auto next = range(12, 13, {"B"}, 6);
  next->slots.at(0).row.newest = shown;
  pending.add(next);
  EXPECT_EQ(pending.work(noon).rows.at(0).stream.newest, shown);
}

// A price shows it by its row, which is not there then.
TEST_F(PendingCommit, KeepsWhatTheEpochOfARefusedPriceHasShown) {
  auto one = range(10, 14, {"A", "B", "C", "D"}, 5);
  const auto shown = [&](std::size_t i) -> auto& {
    return *one->slots[i].row.snapshot;
  };
  shown(1).event_time = samples::at(900);
  shown(1).source_sequence = 8;
  shown(2).event_time = samples::at(900);
  one->slots[2].row.newest = newest_event{samples::at(1'000), 7}; // of a row before
  shown(3).price_seq = sequence{0};                               // of an epoch before
  pending.add(one);
  pending.refuse({{named("B"), "22003", ""}, {named("C"), "22003", ""}, {named("D"), "22003", ""}});
  auto work = pending.work(noon);
  EXPECT_FALSE(work.rows.at(0).stream.newest);
  EXPECT_EQ(work.rows.at(1).stream.newest, (newest_event{samples::at(900), 8}));
  EXPECT_EQ(work.rows.at(2).stream.newest, (newest_event{samples::at(1'000), 7}));
  EXPECT_FALSE(work.rows.at(3).stream.newest);
  pending.refuse({{named("B"), "22003", ""}});
  EXPECT_EQ(pending.work(noon).rows.at(1).stream.newest,
            (newest_event{samples::at(900), std::nullopt}));
  pending.refuse({{named("B"), "22003", ""}});
  EXPECT_FALSE(pending.work(noon).rows.at(1).stream.newest);
}

TEST_F(PendingCommit, TriesARefusedRowAgainAsAWholeWithTheNextTransaction) {
  pending.add(range(10, 12, {"B"}, 5));
  pending.refuse({{named("B"), "22003", ""}});
  pending.committed();
  pending.add(range(12, 13, {"B"}, 6));
  EXPECT_FALSE(pending.work(noon).rows.at(0).position_only);
}

// While the letters of a refusal are being confirmed, ranges go on arriving: they must neither be
// hidden behind the position of the refused row nor be lost.
TEST_F(PendingCommit, GivesTheNewerRowOfARefusedSymbolATransactionOfItsOwn) {
  pending.add(range(10, 12, {"B"}, 5));
  pending.refuse({{named("B"), "22003", ""}});
  pending.add(range(12, 13, {"B"}, 6, 60));
  EXPECT_EQ(pending.work(noon).to, next_offset{12});
  EXPECT_TRUE(pending.work(noon).rows.at(0).position_only);
  pending.committed();
  EXPECT_FALSE(pending.empty());
  const auto work = pending.work(noon);
  EXPECT_EQ(work.from, next_offset{12});
  EXPECT_FALSE(work.rows.at(0).position_only);
  EXPECT_EQ(work.rows[0].stream.snapshot->price, costs(60));
}

TEST_F(PendingCommit, DeadLettersOnlyTheNewerRecordsWhereTheNewerRowIsRefusedAsWell) {
  pending.add(range(10, 12, {"B"}, 5));
  pending.refuse({{named("B"), "22003", ""}});
  pending.add(range(12, 13, {"B"}, 6, 60));
  pending.committed();
  auto letters = pending.refuse({{named("B"), "22003", ""}});
  ASSERT_EQ(letters.size(), 1u);
  EXPECT_EQ(letters[0].batch->records.at(letters[0].index).offset, record_offset{12});
}

// ---- events for the journal -----------------------------------------------------------------

struct Journalling : PendingCommit {
  // "A 1/5..6 @11 12" for a run of two events at offsets 11 and 12.
  static std::vector<std::string> runs_of(const range_commit& work) {
    std::vector<std::string> out;
    for (const auto& run : work.events) {
      auto& text = out.emplace_back(run.symbol.str());
      text += " " + std::to_string(run.epoch.value()) + "/" + std::to_string(run.first.value());
      text += ".." + std::to_string(run.first.value() +
                                    static_cast<std::int64_t>(count_of(run.events)) - 1);
      for (const auto& each : std::get<std::span<const tick>>(run.events))
        text += " @" + std::to_string(each.offset.value());
    }
    return out;
  }
  pending_commit kept{source, generation{2}, next_offset{10}, noon};
};

TEST_F(Journalling, NamesTheEventsOfEachSymbolInTheOrderOfTheirNumbers) {
  kept.add(range(10, 12, {"B", "A"}, 4));
  kept.add(range(12, 15, {"C", "B"}, 5));
  const auto work = kept.work(noon);
  EXPECT_EQ(runs_of(work), (std::vector<std::string>{"A 1/4..4 @11", "B 1/4..4 @10", "B 1/5..5 @14",
                                                     "C 1/5..5 @13"}));
}

TEST_F(Journalling, NamesTheEventsOfEachStreamOfASymbol) {
  auto of_three = range(10, 12, {"A", "A"}, 5);
  const auto add = [&](stream_kind kind, std::int64_t seq) {
    ingest_range::slot slot;
    slot.symbol = named("A");
    slot.kind = kind;
    slot.count = 1;
    slot.row.symbol = slot.symbol;
    slot.row.kind = kind;
    slot.row.position = pos(1, seq);
    of_three->slots.push_back(slot);
  };
  of_three->slots.resize(1);
  of_three->klines.push_back(samples::kline_at(samples::tick_at(11, 1, 0)));
  of_three->trades.push_back(samples::trade_at(samples::tick_at(10, 1, 0)));
  add(stream_kind::kline(kline_interval::m1), 9);
  add(stream_kind::trade, 7);
  kept.add(of_three);
  const auto work = kept.work(noon);
  std::vector<std::string> runs;
  for (const auto& run : work.events)
    runs.push_back(run.key().to_string() + " " + std::to_string(run.first.value()) + "+" +
                   std::to_string(count_of(run.events)));
  EXPECT_EQ(runs, (std::vector<std::string>{"A/price 5+1", "A/trade 7+1", "A/kline_1m 9+1"}));
  EXPECT_TRUE(std::holds_alternative<std::span<const logged_kline>>(work.events[2].events));
  std::vector<std::string> rows;
  for (const auto& row : work.rows)
    rows.push_back(row.stream.key().to_string());
  EXPECT_EQ(rows, (std::vector<std::string>{"A/price", "A/trade", "A/kline_1m"}));
}

TEST_F(Journalling, CountsBackFromThePositionOfTheRow) {
  auto three = range(10, 13, {"A", "A", "A"}, 9, 10, 3);
  three->slots.resize(1);
  three->slots[0].count = 3;
  three->slots[0].newest_before = noon;
  kept.add(three);
  const auto work = kept.work(noon);
  EXPECT_EQ(runs_of(work), (std::vector<std::string>{"A 3/7..9 @10 @11 @12"}));
  EXPECT_EQ(work.events[0].newest_before, noon);
  EXPECT_EQ(std::get<std::span<const tick>>(work.events[0].events).data(),
            three->ticks.data()); // no copy
}

TEST_F(Journalling, KeepsTheEpochsOfASymbolApart) {
  kept.add(range(10, 12, {"A"}, 4, 10, 1));
  kept.add(range(12, 15, {"A"}, 1, 10, 2));
  EXPECT_EQ(runs_of(kept.work(noon)), (std::vector<std::string>{"A 1/4..4 @11", "A 2/1..1 @14"}));
}

TEST_F(Journalling, KeepsTheEventsOfARowThatTheDatabaseRefuses) {
  kept.add(range(10, 12, {"A", "B"}, 5));
  kept.refuse({{named("B"), "22003", ""}});
  const auto work = kept.work(noon);
  EXPECT_TRUE(work.rows.at(1).position_only);
  EXPECT_EQ(runs_of(work), (std::vector<std::string>{"A 1/5..5 @10", "B 1/5..5 @11"}));
}

TEST_F(Journalling, HasNoEventsOfASymbolThatWasStopped) {
  auto with_stop = range(10, 12, {"A"}, 1);
  stored_stream stopped;
  stopped.symbol = named("Z");
  stopped.position = pos(3, 0);
  with_stop->extra_rows.push_back(stopped);
  kept.add(with_stop);
  const auto work = kept.work(noon);
  EXPECT_EQ(symbols_of(work), (std::vector<std::string>{"A", "Z"}));
  EXPECT_EQ(runs_of(work), (std::vector<std::string>{"A 1/1..1 @11"}));
}

TEST_F(Journalling, ForgetsWhatIsCommitted) {
  kept.add(range(10, 12, {"A"}, 1));
  kept.work(noon);
  kept.committed();
  kept.add(range(12, 13, {"B"}, 1));
  EXPECT_EQ(runs_of(kept.work(noon)), (std::vector<std::string>{"B 1/1..1 @12"}));
}

TEST_F(Journalling, ItsTimeIsTheWallClockAndNeverGoesBack) {
  using std::chrono::milliseconds;
  kept.add(range(10, 12, {"A"}, 1));
  EXPECT_EQ(kept.work(noon - milliseconds{1}).commit_time, noon); // the claim's
  EXPECT_EQ(kept.work(noon + milliseconds{7}).commit_time, noon + milliseconds{7});
  EXPECT_EQ(kept.work(noon + milliseconds{5}).commit_time, noon + milliseconds{5}); // not committed
  kept.committed();
  kept.add(range(12, 13, {}));
  kept.work(noon + milliseconds{9}); // no event, no time
  kept.committed();
  kept.add(range(13, 14, {"A"}, 2));
  EXPECT_EQ(kept.work(noon).commit_time, noon + milliseconds{5});
}

// Whatever the order in which ranges become complete, the transactions cover the log once.
TEST_F(PendingCommit, CoversTheLogOnceWhateverTheOrder) {
  samples::dice dice{samples::seed("PendingCommit.random")};
  for (int round = 0; round < 100; ++round) {
    pending_commit each{source, generation{2}, next_offset{10}};
    std::vector<std::shared_ptr<ingest_range>> ranges;
    std::int64_t from = 10;
    for (std::int64_t i = 1; i <= 20; ++i) {
      const auto to = from + dice.between(1, 5);
      ranges.push_back(range(from, to, {i % 2 == 0 ? "A" : "B"}, i));
      from = to;
    }
    std::int64_t covered = 10;
    std::int64_t newest = 0;
    while (!ranges.empty()) {
      const auto pick =
          dice.between(0, std::min<std::int64_t>(4, static_cast<std::int64_t>(ranges.size()) - 1));
      each.add(ranges[static_cast<std::size_t>(pick)]);
      ranges.erase(ranges.begin() + pick);
      if (each.empty() || !dice.chance(0.4))
        continue;
      const auto work = each.work(noon);
      ASSERT_EQ(work.from, next_offset{covered});
      covered = work.to.value();
      for (const auto& row : work.rows) {
        if (row.stream.symbol == named("A")) {
          ASSERT_GT(row.stream.position.seq.value(), newest); // never back
          newest = row.stream.position.seq.value();
        }
      }
      each.committed();
    }
    EXPECT_EQ(each.work(noon).to.value(), from);
  }
}

} // namespace
} // namespace tradepulse
