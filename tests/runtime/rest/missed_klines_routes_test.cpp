#include "runtime/rest/missed_klines_routes.hpp"

#include <gtest/gtest.h>

#include "tests/runtime/rest/support/missed_klines.hpp"

namespace tradepulse {
namespace {

kline_value value(std::int64_t start) {
  kline_value out;
  out.start = time_ms{std::chrono::milliseconds{start}};
  out.end = time_ms{std::chrono::milliseconds{start + 59'999}};
  out.open = price{100'000'000};
  out.high = price{9'223'372'036'854'775'807};
  out.low = price{1};
  out.close = price{150'000'000};
  out.volume = quantity{int128{1'250'000'000}};
  return out;
}

source_kline kline(std::int64_t number) {
  return {number, time_ms{std::chrono::milliseconds{1'000 + number}}, value(60'000 * number)};
}

constexpr auto seven = R"({"seq":7,"symbol":"BTCUSDT","timestamp":1007,"kline":{"t":420000,)"
                       R"("T":479999,"s":"BTCUSDT","o":1,"h":92233720368.54775807,)"
                       R"("l":0.00000001,"c":1.5,"v":12.5}})";

using MissedKlines = test::missed_klines_test;

// ---- by upstream's numbers -----------------------------------------------------------------

TEST_F(MissedKlines, HaveUpstreamsNumbersAndItsHolesAsGaps) {
  page.klines = {kline(5), kline(7)};
  const auto out = by_source("symbol=BTCUSDT&fromSeq=3&toSeq=9");
  EXPECT_EQ(out.status, 200);
  EXPECT_EQ(
      out.body,
      R"({"symbol":"BTCUSDT","fromSeq":3,"toSeq":9,"count":2,"data":[{"seq":5,)"
      R"("symbol":"BTCUSDT","timestamp":1005,"kline":{"t":300000,"T":359999,"s":"BTCUSDT",)"
      R"("o":1,"h":92233720368.54775807,"l":0.00000001,"c":1.5,"v":12.5}},)" +
          std::string(seven) +
          R"(],"stream":"kline_1m","numbering":"source","gaps":[{"from":4,"to":4,"reason":"upstream"},)"
          R"({"from":6,"to":6,"reason":"upstream"},{"from":8,"to":9,"reason":"upstream"}]})");
  ASSERT_EQ(source.asked.size(), 1U);
  EXPECT_EQ(source.asked[0],
            (source_query{*symbol::parse("BTCUSDT"), kline_interval::m1, 3, 9, 100}));
  EXPECT_EQ(source.was_published, (source_published{{epoch{2}, sequence{9}}, false}));
}

TEST_F(MissedKlines, SayWhereToGoOnWhereTheLimitHasCutThem) {
  page.klines = {kline(5), kline(7)};
  page.more = true;
  EXPECT_EQ(tail("symbol=BTCUSDT&fromSeq=4&toSeq=99&limit=2"),
            R"(,"numbering":"source","next":7,"gaps":[{"from":6,"to":6,"reason":"upstream"}]})");
}

TEST_F(MissedKlines, NameTheNumbersOfRowsThatAreNoKlines) {
  page.klines = {kline(5), {6, {}, {}}, {7, {}, {}}, {9, {}, {}}};
  const auto out = by_source("symbol=BTCUSDT&fromSeq=4&toSeq=10").body;
  EXPECT_NE(out.find(R"("count":1,"data":[{"seq":5,)"), std::string::npos) << out;
  EXPECT_EQ(out.substr(out.find(R"(,"numbering")")),
            R"(,"numbering":"source","gaps":[{"from":6,"to":7,"reason":"unusable"},)"
            R"({"from":8,"to":8,"reason":"upstream"},{"from":9,"to":9,"reason":"unusable"},)"
            R"({"from":10,"to":10,"reason":"upstream"}]})");
  page.klines = {{6, {}, {}}, {7, {}, {}}};
  page.more = true;
  EXPECT_EQ(tail("symbol=BTCUSDT&fromSeq=5&toSeq=10&limit=2"),
            R"(,"numbering":"source","next":7,"gaps":[{"from":6,"to":7,"reason":"unusable"}]})");
}

TEST_F(MissedKlines, SayWhyTheBeginningOrTheEndIsMissing) {
  page.klines = {kline(7)};
  page.below = page.above = false;
  page.all_kept = true; // so nothing was ever below
  EXPECT_EQ(tail("symbol=BTCUSDT&fromSeq=0&toSeq=9"),
            R"(,"numbering":"source","gaps":[{"from":1,"to":6,"reason":"upstream"},)"
            R"({"from":8,"to":9,"reason":"not_yet"}]})");
  page.all_kept = false;
  page.committed = {epoch{2}, sequence{8}};
  EXPECT_EQ(tail("symbol=BTCUSDT&fromSeq=0&toSeq=9"),
            R"(,"numbering":"source","gaps":[{"from":1,"to":6,"reason":"not_kept"},)"
            R"({"from":8,"to":9,"reason":"not_committed"}]})");
  page.klines = {kline(8), kline(9)};
  EXPECT_EQ(tail("symbol=BTCUSDT&fromSeq=7&toSeq=9"), R"(,"numbering":"source","gaps":[]})");
  page.klines.clear();
  page.below = page.above = true;
  page.first_kept = 7;
  EXPECT_EQ(tail("symbol=BTCUSDT&fromSeq=7&toSeq=9"),
            R"(,"numbering":"source","gaps":[{"from":8,"to":9,"reason":"upstream"}]})");
}

// Another program's rows are kept for ever; the journal begins at 7.
TEST_F(MissedKlines, AreNotKeptBelowTheJournalWhereSomeWereTakenAway) {
  page.all_kept = false;
  page.klines = {kline(2), kline(7), kline(9)};
  page.first_kept = 7;
  EXPECT_EQ(tail("symbol=BTCUSDT&fromSeq=0&toSeq=10"),
            R"(,"numbering":"source","gaps":[{"from":1,"to":1,"reason":"not_kept"},)"
            R"({"from":3,"to":6,"reason":"not_kept"},{"from":8,"to":8,"reason":"upstream"},)"
            R"({"from":10,"to":10,"reason":"upstream"}]})");
  page.klines.clear();
  EXPECT_EQ(tail("symbol=BTCUSDT&fromSeq=3&toSeq=6"),
            R"(,"numbering":"source","gaps":[{"from":4,"to":6,"reason":"not_kept"}]})");
  page.first_kept.reset(); // nothing of the journal is left
  EXPECT_EQ(tail("symbol=BTCUSDT&fromSeq=7&toSeq=8"),
            R"(,"numbering":"source","gaps":[{"from":8,"to":8,"reason":"not_kept"}]})");
}

// The engine has never had the stream: what it took away it cannot be.
TEST_F(MissedKlines, AreUpstreamsBetweenRowsThatOnlyAnotherProgramHasStored) {
  page.klines = {kline(2), kline(4)};
  page.committed = {};
  page.below = page.all_kept = false;
  const auto body = by_source("symbol=OLD&fromSeq=0&toSeq=5").body;
  EXPECT_EQ(body.substr(body.find(R"(,"numbering")")),
            R"(,"numbering":"source","gaps":[{"from":1,"to":1,"reason":"not_kept"},)"
            R"({"from":3,"to":3,"reason":"upstream"},{"from":5,"to":5,"reason":"upstream"}]})");
}

// 6 and 8 may be among what the partition that the stream has left has not committed yet.
TEST_F(MissedKlines, AreNotCommittedWhileTheOldHomeOfTheStreamHasSomeThatWait) {
  page.klines = {kline(5), kline(7)};
  const auto range = std::make_shared<int>();
  auto& entry = *directory.list_all({}, 1).at(0);
  entry.earlier = std::make_unique<std::vector<waiting_ranges::earlier>>();
  entry.earlier->push_back({{epoch{1}, sequence{40}},
                            std::shared_ptr<const ingest_range>(range, nullptr)});
  EXPECT_EQ(tail("symbol=BTCUSDT&fromSeq=4&toSeq=8"),
            R"(,"numbering":"source","gaps":[{"from":6,"to":6,"reason":"not_committed"},)"
            R"({"from":8,"to":8,"reason":"not_committed"}]})");
  EXPECT_TRUE(source.was_published.earlier_waits);
  entry.earlier->clear();
  EXPECT_EQ(tail("symbol=BTCUSDT&fromSeq=4&toSeq=8"),
            R"(,"numbering":"source","gaps":[{"from":6,"to":6,"reason":"upstream"},)"
            R"({"from":8,"to":8,"reason":"upstream"}]})");
}

TEST_F(MissedKlines, OfASymbolThatOnlyAnotherProgramHasStoredAreAnswered) {
  page.klines = {kline(7)};
  page.committed = {};
  EXPECT_EQ(by_source("symbol=OLD&fromSeq=6&toSeq=7").status, 200);
  page = {};
  const auto out = by_source("symbol=OLD&fromSeq=6&toSeq=7&interval=5m");
  EXPECT_EQ(out.status, 404);
  EXPECT_NE(out.body.find("symbol OLD has no klines of interval 5m"), std::string::npos);
}

TEST_F(MissedKlines, PassOnWhatTheDatabaseSays) {
  source.answer = error{errc::database_unavailable, "PostgreSQL: away"};
  const auto away = ask({&bars, &history, &source}, "symbol=BTCUSDT&fromSeq=6&toSeq=7");
  EXPECT_EQ(away.status, 503);
  EXPECT_EQ(away.headers, (std::vector<std::pair<std::string, std::string>>{{"Retry-After", "1"}}));
}

// ---- by the engine's numbers ---------------------------------------------------------------

TEST_F(MissedKlines, HaveTheEnginesNumbersOfTheCurrentEpoch) {
  std::vector<numbered_kline> events{
      {sequence{7}, time_ms{std::chrono::milliseconds{1'007}}, 70, false, value(420'000)}};
  history_page have;
  have.bursts.push_back(std::make_shared<kline_burst>(stream_index{0}, *symbol::parse("BTCUSDT"),
                                                      epoch{2}, events, time_ms{},
                                                      stream_kind::kline(kline_interval::m1)));
  have.committed = {epoch{2}, sequence{7}};
  have.epoch_lowest = sequence{7};
  have.epoch_highest = sequence{7};
  history.answer = std::make_shared<const history_page>(have);
  const auto out = by_engine("symbol=BTCUSDT&fromSeq=5&toSeq=11");
  EXPECT_EQ(out.status, 200);
  EXPECT_EQ(out.body, R"({"symbol":"BTCUSDT","fromSeq":5,"toSeq":11,"count":1,"data":[)" +
                          std::string(seven) +
                          R"(],"stream":"kline_1m","numbering":"engine","epoch":2,"gaps":[)"
                          R"({"from":6,"to":6,"reason":"not_kept"},)"
                          R"({"from":8,"to":9,"reason":"not_committed"},)"
                          R"({"from":10,"to":11,"reason":"not_yet"}]})");
  ASSERT_EQ(history.asked.size(), 1U);
  EXPECT_EQ(history.asked[0].kind, stream_kind::kline(kline_interval::m1));
  EXPECT_TRUE(source.asked.empty());
  const auto cut = by_engine("symbol=BTCUSDT&fromSeq=6&toSeq=11&limit=1").body;
  EXPECT_EQ(cut.substr(cut.find(R"(,"numbering")")),
            R"(,"numbering":"engine","epoch":2,"next":7,"gaps":[]})");
}

TEST_F(MissedKlines, AreRefusedWithoutAskingTheDatabase) {
  EXPECT_EQ(by_engine("symbol=BTCUSDT&fromSeq=5").status, 400);
  EXPECT_EQ(by_source("symbol=BTCUSDT&fromSeq=5").status, 400);
  EXPECT_EQ(by_engine("symbol=NOPE&fromSeq=5&toSeq=6").status, 404);
  EXPECT_EQ(by_engine("symbol=BTCUSDT&fromSeq=5&toSeq=6&interval=5m").status, 404);
  directory.set_assignment({});
  EXPECT_EQ(by_engine("symbol=BTCUSDT&fromSeq=5&toSeq=6").status, 503);
  EXPECT_EQ(by_source("symbol=BTCUSDT&fromSeq=5&toSeq=6").status, 503);
  EXPECT_TRUE(source.asked.empty() && history.asked.empty());
}

} // namespace
} // namespace tradepulse
