// Questions for klines by upstream's numbers, between those who ask and one connection.
#include "runtime/history/source_desk.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>

#include <gtest/gtest.h>

namespace tradepulse {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::seconds patience{20};

// A database of which every call waits until the test answers it, or somebody cuts it.
class scripted_database {
 public:
  result<source_page> read(const source_query& query) {
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
  void cut() { set(cut_); }
  void go_away() { set(away_); }
  void answer(result<source_page> with) {
    std::lock_guard lock(mutex_);
    answers_.push_back(std::move(with));
    changed_.notify_all();
  }
  // Waits until there were so many calls.
  bool called(std::size_t times) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, patience, [&] { return asked_.size() >= times; });
  }
  std::size_t calls() {
    std::lock_guard lock(mutex_);
    return asked_.size();
  }

 private:
  void set(bool& what) {
    std::lock_guard lock(mutex_);
    what = true;
    changed_.notify_all();
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<result<source_page>> answers_;
  std::vector<source_query> asked_;
  bool cut_ = false;
  bool away_ = false;
};

class scripted_store final : public source_store {
 public:
  explicit scripted_store(scripted_database& from) : from_(from) {}
  result<source_page> read(const source_query& query) override { return from_.read(query); }

 private:
  scripted_database& from_;
};

// What a question was answered with.
class answer_box {
 public:
  source_answer take() {
    return [this](const result<source_page>& page) {
      std::lock_guard lock(mutex_);
      given_.push_back(page ? std::to_string(page->committed.seq.value()) : page.failure().detail);
      changed_.notify_all();
    };
  }
  std::vector<std::string> wait(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, patience, [&] { return given_.size() >= count; });
    return given_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> given_;
};

class SourceDesk : public testing::Test {
 protected:
  using all = std::vector<std::string>;

  SourceDesk() {
    options.make_store = [this] { return std::make_unique<scripted_store>(database); };
    options.cut = [this] { database.cut(); };
    options.commit_look = 1ms;
    options.retry_min = options.retry_max = 1ms;
  }
  static source_query query(std::int64_t after, std::int64_t through) {
    return {*symbol::parse("A"), kline_interval::m1, after, through, 100};
  }
  static source_page page(std::int64_t committed, std::int64_t last = 0) {
    source_page out;
    out.committed = {epoch{1}, sequence{committed}};
    if (last > 0)
      out.klines.push_back({last, {}, {}});
    return out;
  }
  static source_published at(std::int64_t seq) { return {{epoch{1}, sequence{seq}}}; }

  scripted_database database;
  source_desk_options options;
  metrics::registry registry;
  answer_box box;
};

TEST_F(SourceDesk, WaitsForTheCommitOfWhatSubscribersHave) {
  source_desk desk(options, registry);
  desk.read(query(0, 9), at(7), box.take());
  database.answer(page(6, 6));
  database.answer(page(7, 7)); // 8 and 9 were not published either
  EXPECT_EQ(box.wait(1), all{"7"});
  EXPECT_EQ(database.calls(), 2U);
}

// Of the epoch before: what the old home of a stream has not committed may be any number.
TEST_F(SourceDesk, WaitsForTheCommitOfWhatWaitsAtAnotherHome) {
  auto moved = at(7);
  moved.earlier_waits = true;
  source_desk desk(options, registry);
  desk.read(query(0, 2), moved, box.take());
  auto have = page(7, 1);
  have.above = true; // of the new home
  database.answer(have);
  have.klines.push_back({2, {}, {}});
  have.committed.seq = sequence{8};
  database.answer(have);
  EXPECT_EQ(box.wait(1), all{"8"});
  EXPECT_EQ(database.calls(), 2U);
}

TEST_F(SourceDesk, WaitsForNoCommitWhereItHasAllOrForTooLong) {
  {
    source_desk desk(options, registry);
    desk.read(query(0, 6), at(7), box.take());
    database.answer(page(6, 6)); // to the last number that was asked for
    EXPECT_EQ(box.wait(1), all{"6"});
    auto more = page(6, 5);
    more.more = true;
    desk.read(query(0, 7), at(7), box.take());
    database.answer(more);
    EXPECT_EQ(box.wait(2), (all{"6", "6"}));
    auto above = page(6);
    above.above = true;
    desk.read(query(0, 7), at(7), box.take());
    database.answer(above);
    EXPECT_EQ(box.wait(3), (all{"6", "6", "6"}));
  }
  options.commit_patience = 0ms;
  scripted_database other;
  options.make_store = [&other] { return std::make_unique<scripted_store>(other); };
  options.cut = [&other] { other.cut(); };
  metrics::registry second;
  source_desk desk(options, second);
  desk.read(query(0, 9), at(7), box.take());
  other.answer(page(6));
  EXPECT_EQ(box.wait(4).size(), 4U);
  EXPECT_EQ(other.calls(), 1U);
}

TEST_F(SourceDesk, ReadsTheSameQuestionOfManyOnce) {
  source_desk desk(options, registry);
  desk.read(query(0, 1), at(0), box.take());
  ASSERT_TRUE(database.called(1)); // it is being read
  for (int i = 0; i < 100; ++i)
    desk.read(query(0, 9), at(0), box.take());
  desk.read(query(0, 8), at(0), box.take());
  for (int i = 1; i <= 3; ++i)
    database.answer(page(i));
  const auto given = box.wait(102);
  EXPECT_EQ(given.size(), 102U);
  EXPECT_EQ(given.front() + given[1] + given[100] + given[101], "1223");
  EXPECT_EQ(database.calls(), 3U);
}

TEST_F(SourceDesk, TriesADatabaseThatIsAwayAgain) {
  source_desk desk(options, registry);
  desk.read(query(0, 9), at(0), box.take());
  database.answer(error{errc::database_unavailable, "away"});
  database.answer(error{errc::database_busy, "busy"});
  database.answer(page(5));
  EXPECT_EQ(box.wait(1), all{"5"});
}

TEST_F(SourceDesk, GivesUpBeyondItsPatienceAndAtOnceWhatDoesNotPass) {
  {
    source_desk desk(options, registry);
    desk.read(query(0, 9), at(0), box.take());
    database.answer(error{errc::database_refused, "no such table"});
    EXPECT_EQ(box.wait(1), all{"no such table"});
  }
  options.patience = 20ms;
  scripted_database other;
  options.make_store = [&other] { return std::make_unique<scripted_store>(other); };
  options.cut = [&other] { other.cut(); };
  metrics::registry second;
  source_desk desk(options, second);
  desk.read(query(0, 9), at(0), box.take());
  desk.read(query(0, 8), at(0), box.take());
  other.go_away();
  EXPECT_EQ(box.wait(3), (all{"no such table", "away", "away"}));
}

TEST_F(SourceDesk, RefusesWhatIsTooManyOrNotKept) {
  options.most_waiting = 1;
  {
    source_desk desk(options, registry);
    desk.read(query(0, 1), at(0), box.take());
    ASSERT_TRUE(database.called(1)); // it waits no more
    desk.read(query(0, 2), at(0), box.take());
    desk.read(query(0, 3), at(0), box.take());
    EXPECT_EQ(box.wait(1), all{"1 questions for missed klines wait already (limits.recoveries)"});
    database.answer(page(1));
    database.answer(page(2));
    EXPECT_EQ(box.wait(3).back(), "2");
  }
  options.not_kept = "klines are not kept";
  metrics::registry second;
  source_desk desk(options, second);
  desk.read(query(0, 1), at(0), box.take());
  EXPECT_EQ(box.wait(4).back(), "klines are not kept");
}

TEST_F(SourceDesk, AnswersEverybodyAtItsEnd) {
  source_desk desk(options, registry);
  desk.read(query(0, 1), at(0), box.take());
  ASSERT_TRUE(database.called(1));
  desk.read(query(0, 2), at(0), box.take());
  desk.stop();
  desk.read(query(0, 3), at(0), box.take());
  EXPECT_EQ(box.wait(3), all(3, "this server is stopping"));
}

} // namespace
} // namespace tradepulse
