#include "adapters/kafka/log_inspector_kafka.hpp"

#include <condition_variable>
#include <map>
#include <mutex>
#include <string>

#include "mock_cluster.hpp"
#include "recording_listener.hpp"
#include "test_log.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tradepulse::kafka {
namespace {

using ::testing::HasSubstr;
using testing::mock_cluster;
using testing::patience;
using testing::test_log;

// Collects answers by the number of their question.
class answers {
 public:
  log_inspector::answer expect(int question) {
    return [this, question](result<log_state> answer) {
      const std::lock_guard guard(mutex_);
      given_.emplace(question, std::move(answer));
      ++count_;
      changed_.notify_all();
    };
  }
  bool wait_for(std::size_t count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, patience, [&] { return given_.size() >= count; });
  }
  const result<log_state>& operator[](int question) const { return given_.at(question); }
  std::size_t count() const { return count_; }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<int, result<log_state>> given_;
  std::size_t count_ = 0;
};

std::unique_ptr<log_inspector_kafka> open(const std::string& servers,
                                          std::chrono::milliseconds deadline = patience) {
  inspector_options options;
  options.connection.brokers = servers;
  options.deadline = deadline;
  auto made = log_inspector_kafka::open(options);
  if (!made)
    throw std::runtime_error(made.failure().detail);
  return std::move(*made);
}

TEST(LogInspector, TellsTheEndsAndTheDigestOfTheRecordAsked) {
  const mock_cluster cluster({{"a", 1}});
  test_log log(cluster.servers());
  log.write("a", {{0, "k0", "zero", {}, 1'700'000'000'000},
                  {0, "k1", "one", {}, 1'700'000'000'001},
                  {0, std::nullopt, std::nullopt, {}, 1'700'000'000'002}});
  answers got;
  const auto inspector = open(cluster.servers());
  inspector->inspect({"a", 0}, record_offset(1), got.expect(1));
  inspector->inspect({"a", 0}, record_offset(2), got.expect(2));
  inspector->inspect({"a", 0}, std::nullopt, got.expect(3));
  ASSERT_TRUE(got.wait_for(3));

  ASSERT_TRUE(got[1]) << got[1].failure().detail;
  EXPECT_EQ(got[1]->begin, next_offset(0));
  EXPECT_EQ(got[1]->end, high_watermark(3));
  EXPECT_THAT(got[1]->cluster_id, HasSubstr("mockCluster"));
  record second;
  second.offset = record_offset(1);
  second.append_time = time_ms(std::chrono::milliseconds(1'700'000'000'001));
  second.key = "k1";
  second.has_key = true;
  second.value = "one";
  EXPECT_EQ(got[1]->digest, record_digest(second));
  record third;
  third.offset = record_offset(2);
  third.append_time = time_ms(std::chrono::milliseconds(1'700'000'000'002));
  ASSERT_TRUE(got[2]);
  EXPECT_EQ(got[2]->digest, record_digest(third));
  ASSERT_TRUE(got[3]);
  EXPECT_EQ(got[3]->digest, std::nullopt);
  EXPECT_EQ(got[3]->end, high_watermark(3));
}

TEST(LogInspector, AnswersWithoutADigestWhereTheRecordIsNotThere) {
  const mock_cluster cluster({{"a", 1}, {"empty", 1}});
  test_log log(cluster.servers());
  log.write_numbered("a", 0, 3);
  answers got;
  const auto inspector = open(cluster.servers());
  inspector->inspect({"a", 0}, record_offset(3), got.expect(1));
  inspector->inspect({"a", 0}, record_offset(99), got.expect(2));
  inspector->inspect({"empty", 0}, record_offset(0), got.expect(3));
  ASSERT_TRUE(got.wait_for(3));
  for (int question : {1, 2, 3}) {
    ASSERT_TRUE(got[question]);
    EXPECT_EQ(got[question]->digest, std::nullopt) << question;
  }
  EXPECT_EQ(got[3]->end, high_watermark(0));
}

TEST(LogInspector, SaysThatAPartitionDoesNotExist) {
  const mock_cluster cluster({{"a", 1}});
  answers got;
  const auto inspector = open(cluster.servers());
  inspector->inspect({"a", 1}, record_offset(0), got.expect(1));
  ASSERT_TRUE(got.wait_for(1));
  ASSERT_FALSE(got[1]);
  EXPECT_EQ(got[1].failure().code, errc::not_found);
  EXPECT_THAT(got[1].failure().detail, HasSubstr("a/1"));
}

TEST(LogInspector, GivesUpAtItsDeadlineWhereNoBrokerAnswersAndNamesTheKey) {
  answers got;
  const auto inspector = open("127.0.0.1:1", std::chrono::milliseconds(500));
  inspector->inspect({"a", 0}, record_offset(0), got.expect(1));
  ASSERT_TRUE(got.wait_for(1));
  ASSERT_FALSE(got[1]);
  EXPECT_EQ(got[1].failure().code, errc::log_unavailable);
  EXPECT_THAT(got[1].failure().detail, HasSubstr("kafka.brokers \"127.0.0.1:1\""));
}

TEST(LogInspector, AnswersEachOfManyPartitionsOnceWithItsOwnRecord) {
  const mock_cluster cluster({{"a", 100}});
  test_log log(cluster.servers());
  std::vector<testing::test_record> records;
  for (int p = 0; p < 100; ++p)
    for (int i = 0; i < 3; ++i)
      records.push_back({p,
                         std::nullopt,
                         std::to_string(p) + "/" + std::to_string(i),
                         {},
                         1'700'000'000'000 + p});
  log.write("a", records);
  answers got;
  const auto inspector = open(cluster.servers());
  for (int p = 0; p < 100; ++p)
    inspector->inspect({"a", p}, record_offset(1), got.expect(p));
  ASSERT_TRUE(got.wait_for(100));
  for (int p = 0; p < 100; ++p) {
    ASSERT_TRUE(got[p]) << got[p].failure().detail;
    const std::string value = std::to_string(p) + "/1";
    record expected;
    expected.offset = record_offset(1);
    expected.append_time = time_ms(std::chrono::milliseconds(1'700'000'000'000 + p));
    expected.value = value;
    EXPECT_EQ(got[p]->digest, record_digest(expected)) << p;
  }
  EXPECT_EQ(got.count(), 100U);
}

TEST(LogInspector, AnswersAgainAfterTheBrokerWasAway) {
  mock_cluster cluster({{"a", 1}});
  test_log log(cluster.servers());
  log.write_numbered("a", 0, 3);
  answers got;
  const auto inspector = open(cluster.servers());
  inspector->inspect({"a", 0}, record_offset(0), got.expect(1));
  ASSERT_TRUE(got.wait_for(1));
  cluster.set_down(1);
  inspector->inspect({"a", 0}, record_offset(0), got.expect(2));
  cluster.set_up(1);
  ASSERT_TRUE(got.wait_for(2));
  ASSERT_TRUE(got[2]) << got[2].failure().detail;
  EXPECT_EQ(got[2]->digest, got[1]->digest);
}

TEST(LogInspector, AnswersWhatIsOpenWhenItEnds) {
  answers got;
  {
    const auto inspector = open("127.0.0.1:1");
    inspector->inspect({"a", 0}, std::nullopt, got.expect(1));
  }
  ASSERT_EQ(got.count(), 1U);
  EXPECT_EQ(got[1].failure().code, errc::log_unavailable);
}

} // namespace
} // namespace tradepulse::kafka
