// Threads, stores that fail, and the end.
#include "runtime/history/history_desk.hpp"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>

#include <gtest/gtest.h>

namespace tradepulse {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::seconds patience{20};

// A database of which every call waits until the test answers it, or somebody cuts it.
class scripted_database {
 public:
  result<history_page> read(const history_query& query) {
    std::unique_lock lock(mutex_);
    asked_.push_back(query);
    changed_.notify_all();
    changed_.wait(lock, [this] { return cut_ || away_ || !answers_.empty(); });
    if (cut_ || away_)
      return error{errc::database_unavailable, cut_ ? "cut" : "away"};
    auto out = std::move(answers_.front());
    answers_.pop_front();
    return out;
  }
  void cut() {
    std::lock_guard lock(mutex_);
    cut_ = true;
    changed_.notify_all();
  }
  void go_away() {
    std::lock_guard lock(mutex_);
    away_ = true;
    changed_.notify_all();
  }
  void answer(result<history_page> with) {
    std::lock_guard lock(mutex_);
    answers_.push_back(std::move(with));
    changed_.notify_all();
  }
  // The n-th call, once it is made.
  history_query call(std::size_t index) {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, patience, [&] { return asked_.size() > index; }))
      throw std::runtime_error("nobody asked the database");
    return asked_[index];
  }
  std::size_t calls() {
    std::lock_guard lock(mutex_);
    return asked_.size();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<result<history_page>> answers_;
  std::vector<history_query> asked_;
  bool cut_ = false;
  bool away_ = false;
};

class scripted_store final : public history_store {
 public:
  explicit scripted_store(scripted_database& from) : from_(from) {}
  result<history_page> read(const history_query& query) override { return from_.read(query); }
  // As a page of its symbol's events; what it answers has no bars.
  result<bar_page> read_bars(const bar_query& query) override {
    history_query as_events;
    as_events.symbol = query.symbols.at(0);
    auto page = from_.read(as_events);
    if (!page)
      return page.failure();
    bars_of_symbol out;
    out.symbol = as_events.symbol;
    out.committed = page->highest;
    return bar_page{out};
  }

 private:
  scripted_database& from_;
};

class HistoryDesk : public testing::Test {
 protected:
  HistoryDesk() {
    options.make_store = [this] { return std::make_unique<scripted_store>(database); };
    options.cut = [this] { database.cut(); };
    options.readers = 1;
    options.retry_min = 1ms;
    options.retry_max = 1ms;
  }
  ~HistoryDesk() override { database.cut(); }

  void open() { desk.emplace(options, registry); }
  using time_point = std::chrono::steady_clock::time_point;
  void ask(const char* name, std::int64_t after, std::optional<time_point> since = {}) {
    history_query query;
    query.waits_since = since;
    query.symbol = *symbol::parse(name);
    query.after = {epoch{1}, sequence{after}};
    ask(std::move(query));
  }
  // A subscription that returns.
  void come_back(const char* name, std::int64_t after, std::int64_t through) {
    history_query query;
    query.symbol = *symbol::parse(name);
    query.after = {epoch{1}, sequence{after}};
    query.through = stream_position{epoch{1}, sequence{through}};
    query.waits_since = std::chrono::steady_clock::now();
    ask(std::move(query));
  }
  void ask(history_query query) {
    desk->read(std::move(query), [this](result<std::shared_ptr<const history_page>> page) {
      std::lock_guard lock(mutex);
      answers.push_back(std::move(page));
      changed.notify_all();
    });
  }
  void ask_bars(const char* name) {
    desk->read(bar_query{{*symbol::parse(name)}, stream_kind::kline(kline_interval::m1)},
               [this](result<bar_page> page) {
                 std::lock_guard lock(mutex);
                 bars.push_back(std::move(page));
                 changed.notify_all();
               });
  }
  result<bar_page> bars_answer(std::size_t index) {
    std::unique_lock lock(mutex);
    if (!changed.wait_for(lock, patience, [&] { return bars.size() > index; }))
      throw std::runtime_error("no answer came");
    return bars[index];
  }
  result<std::shared_ptr<const history_page>> answer(std::size_t index) {
    std::unique_lock lock(mutex);
    if (!changed.wait_for(lock, patience, [&] { return answers.size() > index; }))
      throw std::runtime_error("no answer came");
    return answers[index];
  }
  std::size_t answered() {
    std::lock_guard lock(mutex);
    return answers.size();
  }
  static history_page page_up_to(std::int64_t highest) {
    history_page out;
    out.highest = {epoch{1}, sequence{highest}};
    return out;
  }
  std::uint64_t count(const char* name) { return registry.make_counter(name, "").value(); }
  std::int64_t waiting() { return registry.make_gauge("tradepulse_history_waiting", "").value(); }

  metrics::registry registry;
  scripted_database database;
  history_desk_options options;
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<result<std::shared_ptr<const history_page>>> answers;
  std::vector<result<bar_page>> bars;
  std::optional<history_desk> desk;
};

TEST_F(HistoryDesk, GivesAllWhoWaitForAStreamTheSamePage) {
  open();
  ask("A", 1);
  database.call(0); // the reader is busy: the others wait
  for (int i = 0; i < 100; ++i)
    ask("B", 7);
  EXPECT_EQ(waiting(), 101);
  database.answer(page_up_to(1));
  database.answer(page_up_to(2));
  const auto first = answer(1);
  for (std::size_t i = 1; i <= 100; ++i)
    EXPECT_EQ(*answer(i), *first);
  EXPECT_EQ((*first)->highest.seq, sequence{2});
  EXPECT_EQ(database.calls(), 2U);
  EXPECT_EQ(count("tradepulse_history_queries_total"), 101U);
  EXPECT_EQ(count("tradepulse_history_reads_total"), 2U);
  EXPECT_EQ(waiting(), 0);
}

// A thousand need a second to connect; the first ones have their answers before the last ones ask.
TEST_F(HistoryDesk, GivesAPageThatWasReadToWhoeverComesBackAMomentLater) {
  open();
  std::vector<numbered_event> events(2);
  events[0].seq = sequence{2};
  events[1].seq = sequence{3};
  history_page page;
  page.bursts.push_back(std::make_shared<price_burst>(stream_index{}, *symbol::parse("A"), epoch{1},
                                                      std::move(events), time_ms{}));
  database.answer(std::move(page));
  come_back("A", 1, 3);
  EXPECT_TRUE(answer(0));
  come_back("A", 1, 3);
  EXPECT_EQ(answered(), 2U); // at once: no reader is woken
  come_back("A", 2, 3);
  EXPECT_EQ(*answer(1), *answer(0));
  EXPECT_EQ(*answer(2), *answer(0));
  EXPECT_EQ(database.calls(), 1U);
  EXPECT_EQ(count("tradepulse_history_reads_total"), 1U);
  come_back("A", 1, 4); // there is more by now
  EXPECT_EQ(database.call(1).through->seq, sequence{4});
  EXPECT_EQ(waiting(), 1);
}

TEST_F(HistoryDesk, AsksAgainWhileTheDatabaseDoesNotAnswer) {
  open();
  ask("A", 1);
  database.answer(error{errc::database_unavailable, "away"});
  database.answer(error{errc::database_busy, "busy"});
  database.answer(page_up_to(5));
  EXPECT_EQ((*answer(0))->highest.seq, sequence{5});
  EXPECT_EQ(database.calls(), 3U);
  EXPECT_EQ(count("tradepulse_history_errors_total"), 2U);
}

TEST_F(HistoryDesk, GivesUpWhenTheTimeIsOverAndSaysWhatTheDatabaseSaid) {
  options.patience = 200ms;
  open();
  database.go_away();
  ask("A", 1);
  const auto failed = answer(0);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.failure(), (error{errc::database_unavailable, "away"}));
  EXPECT_EQ(waiting(), 0);
}

// No further call to the database is needed for that.
TEST_F(HistoryDesk, GivesUpWhileItPausesAsWell) {
  options.patience = 200ms;
  options.retry_min = std::chrono::hours{1};
  options.retry_max = std::chrono::hours{1};
  open();
  ask("A", 1);
  database.answer(error{errc::database_unavailable, "away"});
  EXPECT_FALSE(answer(0));
  EXPECT_EQ(database.calls(), 1U);
}

// 1,000 who wait in line, 16 at a time: the last ones do not begin to wait when it is their turn.
TEST_F(HistoryDesk, GivesUpAtOnceWhereOneHasStoodInLineForLongEnough) {
  options.patience = std::chrono::hours{1};
  open();
  database.go_away();
  ask("A", 1);
  database.call(1); // it has failed once
  const auto now = std::chrono::steady_clock::now();
  ask("B", 1, now - std::chrono::hours{2});
  ASSERT_EQ(answered(), 1U);
  EXPECT_EQ(answer(0).failure(), (error{errc::database_unavailable, "away"}));
  ask("C", 1, now - std::chrono::minutes{1});
  EXPECT_EQ(answered(), 1U);
  EXPECT_EQ(waiting(), 2);
}

TEST_F(HistoryDesk, GivesUpNobodyWhoHasStoodInLineWhileOthersWereAnswered) {
  options.patience = std::chrono::hours{1};
  open();
  ask("A", 1);
  database.answer(page_up_to(5));
  EXPECT_TRUE(answer(0));
  database.go_away();
  ask("A", 5);
  database.call(2);
  ask("B", 1, std::chrono::steady_clock::now() - std::chrono::hours{2});
  EXPECT_EQ(answered(), 1U);
  EXPECT_EQ(waiting(), 2);
}

TEST_F(HistoryDesk, TellsAtOnceWhatNoWaitingCures) {
  open();
  ask("A", 1);
  database.answer(error{errc::database_refused, "no such table"});
  EXPECT_EQ(answer(0).failure().code, errc::database_refused);
  EXPECT_EQ(database.calls(), 1U);
}

TEST_F(HistoryDesk, RefusesMoreThanMayWaitAndNamesTheOption) {
  options.most_waiting = 2;
  open();
  ask("A", 1);
  database.call(0);
  ask("B", 1);
  ask("C", 1);
  const auto refused = answer(0);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.failure().code, errc::database_busy);
  EXPECT_EQ(refused.failure().detail, "2 questions for history wait already (limits.recoveries)");
  EXPECT_EQ(count("tradepulse_history_refused_total"), 1U);
  EXPECT_EQ(waiting(), 2);
}

TEST_F(HistoryDesk, SaysWhichKindsAreNotKept) {
  options.not_kept = [](stream_kind kind) {
    return kind == stream_kind::price ? "the stream is not in journal.streams" : "";
  };
  open();
  ask("A", 1);
  EXPECT_EQ(answer(0).failure(),
            (error{errc::unsupported, "the stream is not in journal.streams"}));
  EXPECT_EQ(database.calls(), 0U);
}

TEST_F(HistoryDesk, ShowsWhatEachReaderDoes) {
  actor_board board;
  options.make_card = [&board](std::size_t reader) {
    return board.make("history_reader", std::to_string(reader));
  };
  open();
  ask("A", 1);
  database.call(0);
  const auto card = board.list("history_reader", "", 10).at(0);
  EXPECT_EQ(card->state(), "reading A");
  EXPECT_EQ(card->queue_depth, 1U);
  database.answer(error{errc::database_refused, "no such table"});
  EXPECT_FALSE(answer(0));
  EXPECT_EQ(card->last_error(), "no such table");
  ask("B", 1);
  database.call(1);
  EXPECT_EQ(card->state(), "reading B");
  desk->stop();
}

TEST_F(HistoryDesk, ReadsStreamsAtTheSameTimeByItsReaders) {
  options.readers = 2;
  open();
  ask("A", 1);
  ask("B", 1);
  database.call(1); // both are asked for, and neither has an answer
  EXPECT_EQ(answered(), 0U);
  database.answer(page_up_to(1));
  database.answer(page_up_to(1));
  EXPECT_TRUE(answer(1));
}

TEST_F(HistoryDesk, LetsWhoIsAnsweredAskForTheNextPage) {
  options.most_waiting = 1;
  open();
  std::atomic<int> pages{0};
  std::function<void(std::int64_t)> next = [&](std::int64_t after) {
    history_query query;
    query.after = {epoch{1}, sequence{after}};
    desk->read(query, [&, after](const result<std::shared_ptr<const history_page>>& page) {
      if (page && ++pages < 3)
        return next(after + 10);
      std::lock_guard lock(mutex);
      answers.push_back(page);
      changed.notify_all();
    });
  };
  for (int i = 0; i < 3; ++i)
    database.answer(page_up_to(i));
  next(0);
  EXPECT_TRUE(answer(0));
  EXPECT_EQ(database.call(2).after.seq, sequence{20});
}

TEST_F(HistoryDesk, RefusesThoseWhoWaitWhenItClosesAndDeliversWhatIsBeingRead) {
  open();
  ask("A", 1);
  database.call(0);
  ask("B", 1);
  desk->close();
  EXPECT_EQ(answer(0).failure().code, errc::not_ready); // B
  ask("C", 1);
  EXPECT_EQ(answer(1).failure().code, errc::not_ready);
  database.answer(page_up_to(1));
  EXPECT_TRUE(answer(2)); // A
}

TEST_F(HistoryDesk, IsNotHeldByADatabaseThatDoesNotAnswer) {
  open();
  ask("A", 1);
  database.call(0);
  ask("B", 1);
  desk->stop();
  EXPECT_EQ(answered(), 2U);
  EXPECT_EQ(answer(0).failure().code, errc::not_ready);
  EXPECT_EQ(answer(1).failure().code, errc::not_ready);
  desk->stop(); // once more does nothing
}

TEST_F(HistoryDesk, EndsWhileItPauses) {
  options.retry_min = std::chrono::hours{1};
  options.retry_max = std::chrono::hours{1};
  open();
  ask("A", 1);
  database.answer(error{errc::database_unavailable, "away"});
  desk->stop();
  EXPECT_EQ(answer(0).failure().code, errc::not_ready);
}

TEST_F(HistoryDesk, ReadsBarsByTheSameReadersInTurnWithEvents) {
  open();
  ask("A", 1);
  database.call(0); // the reader is busy: the others wait
  ask("B", 1);
  ask("C", 1);
  ask_bars("X");
  ask_bars("Y");
  EXPECT_EQ(waiting(), 5);
  for (int i = 1; i <= 5; ++i)
    database.answer(page_up_to(i));
  EXPECT_EQ((*bars_answer(1))[0].committed.seq, sequence{4});
  EXPECT_TRUE(answer(2));
  EXPECT_EQ(database.call(1).symbol.str(), "X");
  EXPECT_EQ(database.call(2).symbol.str(), "B");
  EXPECT_EQ(database.call(3).symbol.str(), "Y");
  EXPECT_EQ(database.call(4).symbol.str(), "C");
  EXPECT_EQ(count("tradepulse_history_queries_total"), 5U);
  EXPECT_EQ(count("tradepulse_history_reads_total"), 5U);
  EXPECT_EQ(waiting(), 0);
}

TEST_F(HistoryDesk, AsksAgainForBarsWhileTheDatabaseDoesNotAnswer) {
  open();
  ask_bars("X");
  database.answer(error{errc::database_unavailable, "away"});
  database.answer(error{errc::database_busy, "busy"});
  database.answer(page_up_to(5));
  EXPECT_EQ((*bars_answer(0))[0].committed.seq, sequence{5});
  EXPECT_EQ(count("tradepulse_history_errors_total"), 2U);
}

TEST_F(HistoryDesk, GivesUpBarsWhenTheTimeIsOver) {
  options.patience = 200ms;
  options.retry_min = std::chrono::hours{1};
  options.retry_max = std::chrono::hours{1};
  open();
  ask_bars("X");
  database.answer(error{errc::database_unavailable, "away"});
  EXPECT_EQ(bars_answer(0).failure(), (error{errc::database_unavailable, "away"}));
  EXPECT_EQ(database.calls(), 1U);
  EXPECT_EQ(waiting(), 0);
}

TEST_F(HistoryDesk, TellsAtOnceWhatNoWaitingCuresOfBars) {
  open();
  ask_bars("X");
  database.answer(error{errc::database_refused, "no such table"});
  EXPECT_EQ(bars_answer(0).failure().code, errc::database_refused);
  EXPECT_EQ(database.calls(), 1U);
}

TEST_F(HistoryDesk, CountsBarsAmongThoseThatMayWait) {
  options.most_waiting = 2;
  open();
  ask("A", 1);
  database.call(0);
  ask_bars("X");
  ask_bars("Y");
  EXPECT_EQ(bars_answer(0).failure().detail,
            "2 questions for history wait already (limits.recoveries)");
  ask("B", 1);
  EXPECT_EQ(answer(0).failure().code, errc::database_busy);
  EXPECT_EQ(waiting(), 2);
}

TEST_F(HistoryDesk, RefusesBarsThatWaitWhenItCloses) {
  open();
  ask("A", 1);
  database.call(0);
  ask_bars("X");
  desk->close();
  EXPECT_EQ(bars_answer(0).failure().code, errc::not_ready);
  ask_bars("Y");
  EXPECT_EQ(bars_answer(1).failure().code, errc::not_ready);
}

} // namespace
} // namespace tradepulse
