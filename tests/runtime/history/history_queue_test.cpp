// Which read serves whom.
#include "runtime/history/history_queue.hpp"

#include <gtest/gtest.h>

namespace tradepulse {
namespace {

using std::chrono::seconds;

class HistoryQueue : public testing::Test {
 protected:
  using time_point = history_queue::time_point;

  // Who asks is told apart by the deadline: seconds.
  bool ask(int who, const char* name, std::int64_t after, std::int64_t in_epoch = 1,
           std::optional<std::int64_t> through = {}, std::size_t limit = 1'000) {
    history_query query;
    query.symbol = *symbol::parse(name);
    query.after = {epoch{in_epoch}, sequence{after}};
    if (through)
      query.through = stream_position{epoch{in_epoch}, sequence{*through}};
    query.limit = limit;
    history_queue::waiting one{query, nullptr, time_point{seconds{who}}};
    return queue.add(one);
  }
  bool ask_in_line(int who, const char* name, std::int64_t after) {
    history_query query;
    query.symbol = *symbol::parse(name);
    query.after = {epoch{1}, sequence{after}};
    history_queue::waiting one{query, nullptr, time_point{seconds{who}}, true};
    return queue.add(one);
  }
  static std::string who(const std::vector<history_queue::waiting>& members) {
    std::string out;
    for (const auto& each : members)
      out +=
          (out.empty() ? "" : " ") + std::to_string(each.deadline.time_since_epoch() / seconds{1});
    return out;
  }
  // "A 1/5..9 limit 1000: 1 2"; "..": no end.
  static std::string words(const std::optional<history_queue::batch>& batch) {
    if (!batch)
      return "nothing";
    const auto& query = batch->query;
    return query.symbol.str() + " " + std::to_string(query.after.epoch.value()) + "/" +
           std::to_string(query.after.seq.value()) + ".." +
           (query.through ? std::to_string(query.through->seq.value()) : "") + " limit " +
           std::to_string(query.limit) + ": " + who(batch->members);
  }

  history_queue queue{10};
};

TEST_F(HistoryQueue, ReadsForOneAsHeAsked) {
  EXPECT_EQ(words(queue.take()), "nothing");
  ASSERT_TRUE(ask(1, "A", 5, 2, 9, 100));
  EXPECT_TRUE(queue.has_work());
  EXPECT_EQ(words(queue.take()), "A 2/5..9 limit 100: 1");
  EXPECT_FALSE(queue.has_work());
  EXPECT_EQ(words(queue.take()), "nothing");
}

TEST_F(HistoryQueue, MergesFromTheLowestPositionToTheGreatestEnd) {
  ask(1, "A", 20, 1, 30, 100);
  ask(2, "A", 5, 1, 10, 50);
  ask(3, "A", 20, 1, 90, 10);
  EXPECT_EQ(words(queue.take()), "A 1/5..90 limit 100: 1 2 3");
}

TEST_F(HistoryQueue, HasNoEndWhereOneOfThemHasNone) {
  ask(1, "A", 5, 1, 10);
  ask(2, "A", 6);
  ask(3, "A", 7, 1, 20);
  EXPECT_EQ(words(queue.take()), "A 1/5.. limit 1000: 1 2 3");
}

TEST_F(HistoryQueue, KnowsToBeCommittedWhatOneOfThemKnows) {
  const auto ask_knowing = [&](std::optional<stream_position> committed) {
    history_query query;
    query.symbol = *symbol::parse("A");
    query.after = {epoch{1}, sequence{5}};
    query.committed = committed;
    history_queue::waiting one{query, nullptr, time_point{seconds{1}}};
    return queue.add(one);
  };
  ask_knowing({});
  ask_knowing(stream_position{epoch{1}, sequence{8}});
  ask_knowing(stream_position{epoch{1}, sequence{7}});
  EXPECT_EQ(queue.take()->query.committed, (stream_position{epoch{1}, sequence{8}}));
}

TEST_F(HistoryQueue, DoesNotMergeSymbolsOrEpochs) {
  ask(1, "A", 5, 1);
  ask(2, "B", 5, 1);
  ask(3, "A", 5, 2);
  ask(4, "A", 5, 1);
  EXPECT_EQ(words(queue.take()), "A 1/5.. limit 1000: 1 4");
  EXPECT_EQ(words(queue.take()), "B 1/5.. limit 1000: 2");
  EXPECT_EQ(words(queue.take()), "A 2/5.. limit 1000: 3");
  EXPECT_EQ(words(queue.take()), "nothing");
}

TEST_F(HistoryQueue, DoesNotMergeKinds) {
  ask(1, "A", 5);
  history_query trades;
  trades.symbol = *symbol::parse("A");
  trades.after = {epoch{1}, sequence{5}};
  trades.kind = stream_kind::trade;
  history_queue::waiting one{trades, nullptr, time_point{seconds{2}}};
  ASSERT_TRUE(queue.add(one));
  const auto prices = queue.take();
  EXPECT_EQ(words(prices), "A 1/5.. limit 1000: 1");
  EXPECT_EQ(prices->query.kind, stream_kind::price);
  const auto other = queue.take();
  EXPECT_EQ(words(other), "A 1/5.. limit 1000: 2");
  EXPECT_EQ(other->query.kind, stream_kind::trade);
}

TEST_F(HistoryQueue, MergesWhatAsksForTheSameTime) {
  const auto ask_time = [this](int who, const char* name, std::int64_t ms, std::size_t limit) {
    history_query query;
    query.symbol = *symbol::parse(name);
    query.limit = limit;
    query.time = time_ms{std::chrono::milliseconds{ms}};
    history_queue::waiting one{query, nullptr, time_point{seconds{who}}};
    return queue.add(one);
  };
  ask_time(1, "A", 1'000, 0);
  ask(2, "A", 0, 0);
  ask_time(3, "A", 1'001, 0);
  ask_time(4, "B", 1'000, 0);
  ask_time(5, "A", 1'000, 0);
  const auto first = queue.take();
  EXPECT_EQ(words(first), "A 0/0.. limit 0: 1 5");
  EXPECT_EQ(first->query.time, time_ms{std::chrono::milliseconds{1'000}});
  const auto position = queue.take();
  EXPECT_EQ(words(position), "A 0/0.. limit 1000: 2");
  EXPECT_EQ(position->query.time, std::nullopt);
  EXPECT_EQ(words(queue.take()), "A 0/0.. limit 0: 3");
  EXPECT_EQ(words(queue.take()), "B 0/0.. limit 0: 4");
  // One read at a time, and all who came meanwhile in the next.
  ask_time(6, "A", 1'000, 0);
  ask_time(7, "A", 1'000, 5);
  EXPECT_EQ(words(queue.take()), "nothing");
  queue.answered(*first);
  queue.done(*first);
  EXPECT_EQ(words(queue.take()), "A 0/0.. limit 5: 6 7");
}

// He would get a page that ends before his position, again and again.
TEST_F(HistoryQueue, LeavesOutWhomThePageCannotReach) {
  ask(1, "A", 0, 1, {}, 100);
  ask(2, "A", 99, 1, {}, 100);
  ask(3, "A", 100, 1, {}, 100);
  ask(4, "A", 5'000, 1, {}, 100);
  const auto first = queue.take();
  EXPECT_EQ(words(first), "A 1/0.. limit 100: 1 2");
  EXPECT_EQ(words(queue.take()), "nothing"); // one page of a stream at a time
  queue.done(*first);
  const auto second = queue.take();
  EXPECT_EQ(words(second), "A 1/100.. limit 100: 3");
  queue.done(*second);
  EXPECT_EQ(words(queue.take()), "A 1/5000.. limit 100: 4");
}

// Those who are far behind come again and again; the one who waits must not wait for them all.
TEST_F(HistoryQueue, AlwaysReadsForTheOneWhoWaitsLongest) {
  ask(1, "A", 5'000, 1, {}, 100);
  ask(2, "A", 0, 1, {}, 100);
  ask(3, "A", 4'950, 1, {}, 100);
  ask(4, "A", 4'901, 1, {}, 100);
  ask(5, "A", 4'900, 1, {}, 100);
  const auto first = queue.take();
  EXPECT_EQ(words(first), "A 1/4901.. limit 100: 1 3 4");
  queue.done(*first);
  EXPECT_EQ(words(queue.take()), "A 1/0.. limit 100: 2");
}

TEST_F(HistoryQueue, LetsStreamsTakeTurns) {
  ask(1, "A", 0, 1, {}, 10);
  ask(2, "B", 0, 1, {}, 10);
  const auto a = queue.take();
  ask(3, "A", 10, 1, {}, 10); // its next page
  EXPECT_EQ(words(queue.take()), "B 1/0.. limit 10: 2");
  EXPECT_EQ(words(queue.take()), "nothing");
  queue.done(*a);
  EXPECT_EQ(words(queue.take()), "A 1/10.. limit 10: 3");
}

TEST_F(HistoryQueue, MergesWhatIsAskedWhileTheAnswersAreGiven) {
  ask(1, "A", 0);
  ask(2, "A", 0);
  const auto first = queue.take();
  queue.answered(*first);
  ask(3, "A", 1'000);
  EXPECT_EQ(words(queue.take()), "nothing");
  ask(4, "A", 1'000);
  queue.done(*first);
  EXPECT_EQ(words(queue.take()), "A 1/1000.. limit 1000: 3 4");
}

TEST_F(HistoryQueue, PutsBackThoseWhoCameFirstBeforeTheOthers) {
  ask(1, "A", 500, 1, {}, 10);
  auto batch = queue.take();
  ask(2, "A", 0, 1, {}, 10);
  queue.put_back(std::move(*batch));
  EXPECT_EQ(queue.unanswered(), 2U);
  EXPECT_EQ(words(queue.take()), "A 1/500.. limit 10: 1");
}

TEST_F(HistoryQueue, HasABoundOnQuestionsWithoutAnAnswer) {
  for (int i = 1; i <= 10; ++i)
    EXPECT_TRUE(ask(i, "A", i));
  EXPECT_FALSE(ask(11, "B", 1));
  const auto batch = queue.take();
  EXPECT_FALSE(ask(11, "B", 1)); // those that are being read count
  queue.answered(*batch);
  EXPECT_EQ(queue.unanswered(), 0U);
  EXPECT_TRUE(ask(11, "B", 1));
}

TEST_F(HistoryQueue, GivesUpThoseWhoseTimeIsOver) {
  ask(5, "A", 0);
  ask(3, "A", 0);
  ask(4, "B", 0);
  EXPECT_EQ(queue.earliest_deadline(), time_point{seconds{3}});
  EXPECT_EQ(who(queue.expired(time_point{seconds{2}})), "");
  EXPECT_EQ(who(queue.expired(time_point{seconds{4}})), "3 4");
  EXPECT_EQ(queue.unanswered(), 1U);
  EXPECT_EQ(words(queue.take()), "A 1/0.. limit 1000: 5");
  EXPECT_EQ(words(queue.take()), "nothing"); // B has nobody left
}

TEST_F(HistoryQueue, GivesUpNobodyInLineWhileOthersAreAnswered) {
  ask(5, "A", 0);
  ask_in_line(3, "A", 0);
  ask_in_line(9, "B", 0);
  EXPECT_EQ(queue.earliest_deadline(time_point{seconds{7}}), time_point{seconds{5}});
  EXPECT_EQ(who(queue.expired(time_point{seconds{6}}, time_point{seconds{7}})), "5");
  EXPECT_EQ(queue.earliest_deadline(time_point{seconds{7}}), time_point{seconds{7}});
  EXPECT_EQ(who(queue.expired(time_point{seconds{7}}, time_point{seconds{7}})), "3");
  EXPECT_EQ(who(queue.expired(time_point{seconds{8}}, time_point{seconds{7}})), "");
}

// Else one whose read fails each time would be read for ever.
TEST_F(HistoryQueue, GivesUpThoseWhoseTurnHasComeAlsoWhileOthersAreAnswered) {
  ask_in_line(3, "A", 0);
  queue.put_back(*queue.take(), time_point{seconds{7}});
  EXPECT_EQ(queue.earliest_deadline(time_point{seconds{20}}), time_point{seconds{7}});
  EXPECT_EQ(queue.expired(time_point{seconds{7}}, time_point{seconds{20}}).size(), 1U);
}

TEST_F(HistoryQueue, DoesNotGiveUpThoseThatAreBeingRead) {
  ask(1, "A", 0);
  auto batch = queue.take();
  EXPECT_EQ(who(queue.expired(time_point{seconds{9}})), "");
  EXPECT_EQ(queue.earliest_deadline(), std::nullopt);
  queue.put_back(std::move(*batch));
  EXPECT_EQ(who(queue.expired(time_point{seconds{9}})), "1");
  EXPECT_FALSE(queue.has_work());
}

TEST_F(HistoryQueue, GivesUpAllAtTheEnd) {
  ask(1, "A", 0);
  const auto batch = queue.take();
  ask(2, "A", 0);
  ask(3, "B", 0);
  EXPECT_EQ(who(queue.all()), "2 3");
  EXPECT_FALSE(queue.has_work());
  queue.answered(*batch);
  queue.done(*batch);
  EXPECT_EQ(queue.unanswered(), 0U);
}

} // namespace
} // namespace tradepulse
