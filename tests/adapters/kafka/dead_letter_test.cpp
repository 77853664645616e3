#include "adapters/kafka/dead_letter_producer.hpp"

#include <condition_variable>
#include <mutex>
#include <string>
#include <vector>

#include "mock_cluster.hpp"
#include "recording_listener.hpp"
#include "test_log.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tradepulse::kafka {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Key;
using testing::mock_cluster;
using ::testing::Not;
using ::testing::Pair;
using testing::patience;
using testing::test_log;

class outcomes {
 public:
  std::function<void(result<void>)> expect() {
    return [this](result<void> outcome) {
      const std::lock_guard guard(mutex_);
      given_.push_back(std::move(outcome));
      changed_.notify_all();
    };
  }
  std::vector<result<void>> wait_for(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, patience, [&] { return given_.size() >= count; });
    return given_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<result<void>> given_;
};

std::shared_ptr<record_batch> batch_of(const std::string& value) {
  auto batch = std::make_shared<record_batch>();
  batch->source = {"prices", 3};
  batch->bytes = "key" + value;
  record r;
  r.offset = record_offset(41);
  r.has_key = true;
  r.key = std::string_view(batch->bytes).substr(0, 3);
  r.value = std::string_view(batch->bytes).substr(3);
  batch->records.push_back(r);
  return batch;
}

dead_letter letter_of(std::shared_ptr<const record_batch> batch) {
  return {std::move(batch), 0, reject_reason::negative, "price \"-1\": below 0"};
}

std::unique_ptr<dead_letter_producer> open(const std::string& servers,
                                           std::chrono::milliseconds timeout = patience) {
  dead_letter_options options;
  options.connection.brokers = servers;
  options.message_timeout = timeout;
  auto made = dead_letter_producer::open(options);
  if (!made)
    throw std::runtime_error(made.failure().detail);
  return std::move(*made);
}

TEST(DeadLetterProducer, KeepsTheRecordAndSaysWhereItCameFromAndWhy) {
  const mock_cluster cluster({{"prices.dead-letter", 1}});
  const auto batch = batch_of("value");
  batch->headers.push_back({{"trace", "7"}});
  batch->records[0].headers = 1;
  outcomes got;
  const auto letters = open(cluster.servers());
  letters->produce(letter_of(batch), got.expect());
  const auto outcome = got.wait_for(1);
  ASSERT_EQ(outcome.size(), 1U);
  ASSERT_TRUE(outcome[0]) << outcome[0].failure().detail;

  const auto written = test_log(cluster.servers()).read("prices.dead-letter", 0, 1);
  ASSERT_EQ(written.size(), 1U);
  EXPECT_EQ(written[0].key, "key");
  EXPECT_EQ(written[0].value, "value");
  using header = std::pair<std::string, std::string>;
  EXPECT_EQ(written[0].headers, (std::vector<header>{
                                    {"trace", "7"},
                                    {"tradepulse-reason", "negative"},
                                    {"tradepulse-detail", "price \"-1\": below 0"},
                                    {"tradepulse-topic", "prices"},
                                    {"tradepulse-partition", "3"},
                                    {"tradepulse-offset", "41"},
                                }));
}

TEST(DeadLetterProducer, KeepsAnAbsentKeyAndAnAbsentValueAbsent) {
  const mock_cluster cluster({{"prices.dead-letter", 1}});
  const auto batch = batch_of("");
  outcomes got;
  const auto letters = open(cluster.servers());
  letters->produce(letter_of(batch), got.expect()); // an empty value
  ASSERT_EQ(got.wait_for(1).size(), 1U);
  const auto bare = batch_of("");
  bare->records[0].has_key = false;
  bare->records[0].key = {};
  bare->records[0].value = std::nullopt;
  letters->produce(letter_of(bare), got.expect());
  ASSERT_EQ(got.wait_for(2).size(), 2U);
  const auto written = test_log(cluster.servers()).read("prices.dead-letter", 0, 2);
  ASSERT_EQ(written.size(), 2U);
  EXPECT_EQ(written[0].key, "key");
  EXPECT_EQ(written[0].value, "");
  EXPECT_EQ(written[1].key, std::nullopt);
  EXPECT_EQ(written[1].value, std::nullopt);
}

TEST(DeadLetterProducer, CutsAValueThatTheClientRefusesForItsSize) {
  const mock_cluster cluster({{"prices.dead-letter", 1}});
  outcomes got;
  const auto letters = open(cluster.servers());
  letters->produce(letter_of(batch_of(std::string(1'500'000, 'x'))), got.expect());
  ASSERT_EQ(got.wait_for(1).size(), 1U);
  EXPECT_TRUE(got.wait_for(1)[0]);
  const auto written = test_log(cluster.servers()).read("prices.dead-letter", 0, 1);
  ASSERT_EQ(written.size(), 1U);
  EXPECT_EQ(written[0].value, std::string(65'536, 'x'));
  EXPECT_THAT(written[0].headers, Contains(Pair("tradepulse-truncated", "1500000")));
  EXPECT_THAT(written[0].headers, Contains(Pair("tradepulse-offset", "41")));
}

TEST(DeadLetterProducer, CutsAValueThatTheBrokerRefusesForItsSize) {
  mock_cluster cluster({{"prices.dead-letter", 1}});
  cluster.refuse_next_produce_for_size();
  outcomes got;
  const auto letters = open(cluster.servers());
  letters->produce(letter_of(batch_of(std::string(100'000, 'x'))), got.expect());
  ASSERT_EQ(got.wait_for(1).size(), 1U);
  EXPECT_TRUE(got.wait_for(1)[0]) << got.wait_for(1)[0].failure().detail;
  const auto written = test_log(cluster.servers()).read("prices.dead-letter", 0, 1);
  ASSERT_EQ(written.size(), 1U);
  EXPECT_EQ(written[0].value->size(), 65'536U);
  EXPECT_THAT(written[0].headers, Contains(Pair("tradepulse-truncated", "100000")));
}

TEST(DeadLetterProducer, LeavesALargeValueWholeWhereItIsTaken) {
  const mock_cluster cluster({{"prices.dead-letter", 1}});
  outcomes got;
  const auto letters = open(cluster.servers());
  letters->produce(letter_of(batch_of(std::string(100'000, 'x'))), got.expect());
  ASSERT_EQ(got.wait_for(1).size(), 1U);
  const auto written = test_log(cluster.servers()).read("prices.dead-letter", 0, 1);
  ASSERT_EQ(written.size(), 1U);
  EXPECT_EQ(written[0].value->size(), 100'000U);
  EXPECT_THAT(written[0].headers, Not(Contains(Key("tradepulse-truncated"))));
}

TEST(DeadLetterProducer, LeavesTheValueOutWhereCuttingDoesNotHelp) {
  mock_cluster cluster({{"prices.dead-letter", 1}});
  cluster.refuse_next_produce_for_size();
  outcomes got;
  const auto letters = open(cluster.servers());
  letters->produce(letter_of(batch_of("small")), got.expect());
  ASSERT_EQ(got.wait_for(1).size(), 1U);
  EXPECT_TRUE(got.wait_for(1)[0]) << got.wait_for(1)[0].failure().detail;
  const auto written = test_log(cluster.servers()).read("prices.dead-letter", 0, 1);
  ASSERT_EQ(written.size(), 1U);
  EXPECT_EQ(written[0].value, std::nullopt);
  EXPECT_THAT(written[0].headers, Contains(Pair("tradepulse-truncated", "5")));
}

TEST(DeadLetterProducer, SaysWhatToRaiseWhereEvenThatIsTooLarge) {
  mock_cluster cluster({{"prices.dead-letter", 1}});
  for (int form = 0; form < 3; ++form) // whole, cut, without its value
    cluster.refuse_next_produce_for_size();
  outcomes got;
  const auto letters = open(cluster.servers());
  letters->produce(letter_of(batch_of(std::string(100'000, 'x'))), got.expect());
  const auto outcome = got.wait_for(1);
  ASSERT_EQ(outcome.size(), 1U);
  ASSERT_FALSE(outcome[0]);
  EXPECT_EQ(outcome[0].failure().code, errc::log_unavailable);
  EXPECT_THAT(outcome[0].failure().detail,
              HasSubstr("raise max.message.bytes of prices.dead-letter"));
}

TEST(DeadLetterProducer, TakesMoreLettersThanTheLibraryHasRoomFor) {
  const mock_cluster cluster({{"prices.dead-letter", 1}});
  dead_letter_options options;
  options.connection.brokers = cluster.servers();
  options.queue_capacity_messages = 10;
  const auto letters = dead_letter_producer::open(options);
  ASSERT_TRUE(letters);
  outcomes got;
  const auto batch = batch_of("value");
  for (int i = 0; i < 500; ++i)
    (*letters)->produce(letter_of(batch), got.expect());
  const auto outcome = got.wait_for(500);
  ASSERT_EQ(outcome.size(), 500U);
  for (const auto& one : outcome)
    EXPECT_TRUE(one);
  EXPECT_TRUE((*letters)->drain(patience));
  EXPECT_EQ(test_log(cluster.servers()).read("prices.dead-letter", 0, 500).size(), 500U);
}

TEST(DeadLetterProducer, AnswersUnavailableWhereNoBrokerConfirmsInTime) {
  outcomes got;
  const auto letters = open("127.0.0.1:1", std::chrono::milliseconds(1200));
  letters->produce(letter_of(batch_of("value")), got.expect());
  const auto outcome = got.wait_for(1);
  ASSERT_EQ(outcome.size(), 1U);
  ASSERT_FALSE(outcome[0]);
  EXPECT_EQ(outcome[0].failure().code, errc::log_unavailable);
  EXPECT_THAT(outcome[0].failure().detail, HasSubstr("kafka.brokers"));
  EXPECT_THAT(outcome[0].failure().detail, HasSubstr("prices.dead-letter"));
}

TEST(DeadLetterProducer, AnswersWhatIsOpenWhenItEnds) {
  outcomes got;
  {
    const auto letters = open("127.0.0.1:1");
    letters->produce(letter_of(batch_of("value")), got.expect());
  }
  const auto outcome = got.wait_for(1);
  ASSERT_EQ(outcome.size(), 1U);
  EXPECT_FALSE(outcome[0]);
}

} // namespace
} // namespace tradepulse::kafka
