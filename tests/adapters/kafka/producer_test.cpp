#include "adapters/kafka/producer.hpp"

#include <string>

#include "adapters/kafka/offsets.hpp"
#include "mock_cluster.hpp"
#include "recording_listener.hpp"
#include "test_log.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tradepulse::kafka {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::mock_cluster;
using testing::patience;
using testing::test_log;

producer_options options_for(const std::string& servers) {
  producer_options options;
  options.connection.brokers = servers;
  return options;
}

TEST(KafkaProducer, ConfirmsEveryRecordAndKeepsTheOrderOfAKey) {
  const mock_cluster cluster({{"a", 1}});
  const auto feed = producer::open(options_for(cluster.servers()));
  ASSERT_TRUE(feed);
  for (int i = 0; i < 1000; ++i)
    ASSERT_TRUE((*feed)->produce("a", "AAPL", std::to_string(i)));
  ASSERT_TRUE((*feed)->flush(patience));
  EXPECT_EQ((*feed)->confirmed(), 1000U);
  EXPECT_EQ((*feed)->failed(), 0U);
  const auto written = test_log(cluster.servers()).read("a", 0, 1000);
  ASSERT_EQ(written.size(), 1000U);
  for (std::size_t i = 0; i < 1000; ++i) {
    ASSERT_EQ(written[i].value, std::to_string(i));
    ASSERT_EQ(written[i].key, "AAPL");
  }
}

TEST(KafkaProducer, WaitsForRoomWhereItsQueueIsFull) {
  const mock_cluster cluster({{"a", 1}});
  auto options = options_for(cluster.servers());
  options.queue_capacity_messages = 20;
  const auto feed = producer::open(options);
  ASSERT_TRUE(feed);
  for (int i = 0; i < 500; ++i)
    ASSERT_TRUE((*feed)->produce("a", "k", "v"));
  ASSERT_TRUE((*feed)->flush(patience));
  EXPECT_EQ((*feed)->confirmed(), 500U);
}

TEST(KafkaProducer, WritesAnEmptyValueAndNoTombstone) {
  const mock_cluster cluster({{"a", 1}});
  const auto feed = producer::open(options_for(cluster.servers()));
  ASSERT_TRUE(feed);
  ASSERT_TRUE((*feed)->produce("a", "", {}));
  ASSERT_TRUE((*feed)->flush(patience));
  const auto written = test_log(cluster.servers()).read("a", 0, 1);
  ASSERT_EQ(written.size(), 1U);
  EXPECT_EQ(written[0].value, "");
  EXPECT_EQ(written[0].key, std::nullopt);
}

TEST(KafkaProducer, SaysHowManyRecordsWereNotConfirmed) {
  auto options = options_for("127.0.0.1:1");
  options.message_timeout = std::chrono::milliseconds(300);
  const auto feed = producer::open(options);
  ASSERT_TRUE(feed);
  for (int i = 0; i < 3; ++i)
    ASSERT_TRUE((*feed)->produce("a", "k", "v"));
  const auto flushed = (*feed)->flush(patience);
  ASSERT_FALSE(flushed);
  EXPECT_EQ(flushed.failure().code, errc::log_unavailable);
  EXPECT_THAT(flushed.failure().detail, HasSubstr("3 of 3 records"));
  EXPECT_EQ((*feed)->failed(), 3U);
}

TEST(KafkaProducer, RefusesARecordAboveTheLimit) {
  const auto feed = producer::open(options_for("127.0.0.1:1"));
  ASSERT_TRUE(feed);
  const auto produced = (*feed)->produce("a", "k", std::string(2'000'000, 'x'));
  ASSERT_FALSE(produced);
  EXPECT_EQ(produced.failure().code, errc::too_large);
}

TEST(ListOffsets, ListsThePartitionsOfNamesAndGlobsWithTheirEnds) {
  const mock_cluster cluster({{"p.1", 2}, {"p.2", 1}, {"p.1.dead-letter", 1}, {"other", 1}});
  test_log log(cluster.servers());
  log.write_numbered("p.1", 1, 7);
  connection_options connection;
  connection.brokers = cluster.servers();
  const auto listed = list_offsets(connection, {"p.*", "absent", "q*"}, patience);
  ASSERT_TRUE(listed) << listed.failure().detail;
  ASSERT_EQ(listed->partitions.size(), 3U);
  EXPECT_EQ(listed->partitions[0].source, (topic_partition{"p.1", 0}));
  EXPECT_EQ(listed->partitions[0].end, high_watermark(0));
  EXPECT_EQ(listed->partitions[1].source, (topic_partition{"p.1", 1}));
  EXPECT_EQ(listed->partitions[1].begin, next_offset(0));
  EXPECT_EQ(listed->partitions[1].end, high_watermark(7));
  EXPECT_EQ(listed->partitions[2].source, (topic_partition{"p.2", 0}));
  EXPECT_THAT(listed->missing, ElementsAre("absent", "q*"));
}

TEST(ListOffsets, GivesUpAtItsDeadlineAndNamesTheKey) {
  connection_options connection;
  connection.brokers = "127.0.0.1:1";
  const auto listed = list_offsets(connection, {"a"}, std::chrono::milliseconds(300));
  ASSERT_FALSE(listed);
  EXPECT_EQ(listed.failure().code, errc::log_unavailable);
  EXPECT_THAT(listed.failure().detail, HasSubstr("kafka.brokers \"127.0.0.1:1\""));
}

TEST(EmbeddedLog, ServesOtherProcesses) {
  const auto child = testing::run_again({testing::embedded_log_argument});
  connection_options connection;
  connection.brokers = testing::read_line(child.output);
  test_log log(connection.brokers);
  log.write_numbered("embedded-a", 2, 4);
  const auto listed = list_offsets(connection, {"embedded-*"}, patience);
  testing::end(child);
  ASSERT_TRUE(listed) << listed.failure().detail;
  ASSERT_EQ(listed->partitions.size(), 4U);
  EXPECT_EQ(listed->partitions[2].source, (topic_partition{"embedded-a", 2}));
  EXPECT_EQ(listed->partitions[2].end, high_watermark(4));
}

} // namespace
} // namespace tradepulse::kafka
