// Whether what is read after an interruption still is the log that was read before it.
#include <atomic>
#include <memory>
#include <numeric>

#include "adapters/kafka/consumer.hpp"
#include "altered_messages.hpp"
#include "mock_cluster.hpp"
#include "recording_listener.hpp"
#include "test_log.hpp"

#include <gtest/gtest.h>

namespace tradepulse::kafka {
namespace {

using testing::altered_messages;
using testing::mock_cluster;
using testing::recording_listener;
using testing::test_log;
using testing::unique_name;

std::vector<std::int64_t> counting(std::int64_t from, std::size_t count) {
  std::vector<std::int64_t> list(count);
  std::iota(list.begin(), list.end(), from);
  return list;
}

class ReplacedLog : public ::testing::Test {
 protected:
  // Reads ten records of partition a/0 and goes on.
  void SetUp() override {
    consumer_options options;
    options.connection.brokers = cluster_.servers();
    options.group_id = unique_name("group");
    options.topics = {"a"};
    reader_ = std::move(*consumer::open(options, heard_));
    log_.write_numbered("a", 0, 10);
    reader_->start(source_, generation(1), next_offset(0), {});
    ASSERT_TRUE(heard_.wait_for_records(10));
  }

  const topic_partition source_{"a", 0};
  mock_cluster cluster_{{{"a", 1}}};
  test_log log_{cluster_.servers()};
  recording_listener heard_;
  std::unique_ptr<consumer> reader_;
};

TEST_F(ReplacedLog, IsWhatAnOffsetThatFallsMeans) {
  const altered_messages falling([](rd_kafka_message_t& m) {
    if (m.offset == 13)
      m.offset = 4;
  });
  log_.write_numbered("a", 0, 10, 10);
  ASSERT_TRUE(heard_.wait_for_fault());
  EXPECT_EQ(heard_.faults()[0].kind, read_fault::offset_out_of_range);
  EXPECT_EQ(heard_.offsets(source_), counting(0, 13));
  // Nothing more until it is started anew.
  log_.write_numbered("a", 0, 1, 20);
  ASSERT_TRUE(heard_.wait_for_end(source_, 21));
  EXPECT_EQ(heard_.records(), 13U);
}

TEST_F(ReplacedLog, IsFoundAtTheStartWhereTheRecordBeforeIsAnotherOne) {
  reader_->start(source_, generation(2), next_offset(10), applied_record{record_offset(9), 4711});
  ASSERT_TRUE(heard_.wait_for_fault());
  EXPECT_EQ(heard_.faults()[0].kind, read_fault::offset_out_of_range);
  log_.write_numbered("a", 0, 5, 10);
  EXPECT_EQ(heard_.records(), 10U);
}

TEST_F(ReplacedLog, IsNotFoundAtTheStartWhereTheRecordBeforeIsTheSameAndItIsReadForNobody) {
  const auto batch = heard_.batches().back();
  const auto& newest = batch->records.back();
  const applied_record before{newest.offset, record_digest(newest)};
  ASSERT_EQ(before.offset, record_offset(9));
  reader_->start(source_, generation(2), next_offset(10), before);
  log_.write_numbered("a", 0, 5, 10);
  ASSERT_TRUE(heard_.wait_for_records(15));
  EXPECT_EQ(heard_.offsets(source_), counting(0, 15));
  EXPECT_TRUE(heard_.faults().empty());
}

TEST_F(ReplacedLog, IsNotSuspectedForAHoleInItsOffsets) {
  const altered_messages compacted([](rd_kafka_message_t& m) {
    if (m.offset >= 10)
      m.offset += 100;
  });
  log_.write_numbered("a", 0, 3, 10);
  ASSERT_TRUE(heard_.wait_for_records(13));
  EXPECT_EQ(heard_.offsets(source_)[10], 110);
  EXPECT_TRUE(heard_.faults().empty());
}

TEST_F(ReplacedLog, IsNotWhatABatchThatCannotBeReadMeansAndTheBatchIsNotSkipped) {
  std::atomic<int> left = 2;
  const altered_messages damaged([&](rd_kafka_message_t& m) {
    if (m.offset == 12 && left-- > 0)
      m.err = RD_KAFKA_RESP_ERR__BAD_MSG;
  });
  log_.write_numbered("a", 0, 10, 10);
  ASSERT_TRUE(heard_.wait_for_records(20));
  EXPECT_EQ(heard_.offsets(source_), counting(0, 20));
  ASSERT_EQ(heard_.faults().size(), 2U);
  EXPECT_EQ(heard_.faults()[1].kind, read_fault::transient);
}

TEST_F(ReplacedLog, IsAskedForWhereABatchCannotBeReadAgainAndAgain) {
  const altered_messages damaged([](rd_kafka_message_t& m) {
    if (m.offset == 12)
      m.err = RD_KAFKA_RESP_ERR__BAD_MSG;
  });
  log_.write_numbered("a", 0, 10, 10);
  ASSERT_TRUE(heard_.wait_for_faults(5));
  for (std::size_t i = 0; i < 4; ++i)
    EXPECT_EQ(heard_.faults()[i].kind, read_fault::transient);
  EXPECT_EQ(heard_.faults()[4].kind, read_fault::offset_out_of_range);
  EXPECT_EQ(heard_.offsets(source_), counting(0, 12));
  // An operator has moved it behind the damage.
  reader_->start(source_, generation(2), next_offset(13), {});
  ASSERT_TRUE(heard_.wait_for_records(19));
  EXPECT_EQ(heard_.offsets(source_).back(), 19);
}

TEST_F(ReplacedLog, IsFoundWhereTheRecordReadLastIsAnotherOneAfterAnError) {
  std::atomic<bool> failed = false;
  const altered_messages replaced([&](rd_kafka_message_t& m) {
    if (m.offset == 12 && !failed.exchange(true))
      m.err = RD_KAFKA_RESP_ERR__BAD_MSG;
    else if (m.offset == 11 && failed)
      --m.len; // "v1"
  });
  log_.write_numbered("a", 0, 2, 10);
  ASSERT_TRUE(heard_.wait_for_records(12));
  log_.write_numbered("a", 0, 8, 12);
  ASSERT_TRUE(heard_.wait_for_end(source_, 20));
  ASSERT_TRUE(heard_.wait_for_faults(2));
  EXPECT_EQ(heard_.faults()[0].kind, read_fault::transient);
  EXPECT_EQ(heard_.faults()[1].kind, read_fault::offset_out_of_range);
  EXPECT_EQ(heard_.offsets(source_), counting(0, 12));
}

TEST_F(ReplacedLog, IsFoundWhereTheRecordReadLastIsAnotherOneAfterTheBrokerWasAway) {
  std::atomic<bool> away = false;
  const altered_messages replaced([&](rd_kafka_message_t& m) {
    if (m.offset == 9 && away)
      --m.len;
  });
  cluster_.set_down(1);
  ASSERT_TRUE(heard_.wait_for_broker_state(false));
  away = true;
  cluster_.set_up(1);
  log_.write_numbered("a", 0, 10, 10);
  ASSERT_TRUE(heard_.wait_for_fault());
  EXPECT_EQ(heard_.faults()[0].kind, read_fault::offset_out_of_range);
  EXPECT_EQ(heard_.records(), 10U);
}

TEST_F(ReplacedLog, IsLookedForWhenTheBrokerWasAwayAndReadingGoesOnWhereItIsNot) {
  std::atomic<int> looks = 0;
  const altered_messages counted([&](rd_kafka_message_t& m) { looks += m.offset == 9 ? 1 : 0; });
  cluster_.set_down(1);
  ASSERT_TRUE(heard_.wait_for_broker_state(false));
  cluster_.set_up(1);
  log_.write_numbered("a", 0, 10, 10);
  ASSERT_TRUE(heard_.wait_for_records(20));
  EXPECT_EQ(heard_.offsets(source_), counting(0, 20));
  EXPECT_GE(looks, 1);
  EXPECT_TRUE(heard_.faults().empty());
}

} // namespace
} // namespace tradepulse::kafka
