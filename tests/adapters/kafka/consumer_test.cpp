#include "adapters/kafka/consumer.hpp"

#include <memory>
#include <numeric>
#include <string>

#include "mock_cluster.hpp"
#include "recording_listener.hpp"
#include "test_log.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tradepulse::kafka {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::mock_cluster;
using testing::recording_listener;
using testing::test_log;
using testing::unique_name;

consumer_options options_for(const mock_cluster& cluster, std::vector<std::string> topics) {
  consumer_options options;
  options.connection.brokers = cluster.servers();
  options.group_id = unique_name("group");
  options.topics = std::move(topics);
  options.metadata_refresh = std::chrono::milliseconds(500);
  return options;
}

std::unique_ptr<consumer> open(const consumer_options& options, recording_listener& listener) {
  auto made = consumer::open(options, listener);
  if (!made)
    throw std::runtime_error(made.failure().detail);
  return std::move(*made);
}

std::vector<std::int64_t> counting(std::int64_t from, std::size_t count) {
  std::vector<std::int64_t> list(count);
  std::iota(list.begin(), list.end(), from);
  return list;
}

TEST(KafkaConsumer, TellsTheWholeAssignmentWhenTheGroupIsJoined) {
  const mock_cluster cluster({{"a", 2}, {"b", 1}});
  recording_listener heard;
  const auto reader = open(options_for(cluster, {"a", "b"}), heard);
  ASSERT_TRUE(heard.wait_for_assignment(3));
  EXPECT_THAT(heard.assignment(), ElementsAre(topic_partition{"a", 0}, topic_partition{"a", 1},
                                              topic_partition{"b", 0}));
  EXPECT_TRUE(reader->close(std::chrono::seconds(10)));
  EXPECT_TRUE(reader->joined());
}

TEST(KafkaConsumer, ReadsNothingThatWasNotStarted) {
  const mock_cluster cluster({{"a", 2}});
  test_log log(cluster.servers());
  log.write_numbered("a", 0, 5);
  log.write_numbered("a", 1, 5);
  recording_listener heard;
  const auto reader = open(options_for(cluster, {"a"}), heard);
  ASSERT_TRUE(heard.wait_for_assignment(2));
  reader->start({"a", 1}, generation(1), next_offset(0), {});
  ASSERT_TRUE(heard.wait_for_records({"a", 1}, 5));
  EXPECT_EQ(heard.records(), 5U);
}

TEST(KafkaConsumer, DeliversEveryRecordInOrderFromTheOffsetOfTheClaim) {
  const mock_cluster cluster({{"a", 1}});
  test_log log(cluster.servers());
  log.write_numbered("a", 0, 5000);
  recording_listener heard;
  const auto reader = open(options_for(cluster, {"a"}), heard);
  reader->start({"a", 0}, generation(7), next_offset(1000), {});
  ASSERT_TRUE(heard.wait_for_records(4000));
  EXPECT_EQ(heard.offsets({"a", 0}), counting(1000, 4000));
  for (const auto& batch : heard.batches()) {
    EXPECT_EQ(batch->gen, generation(7));
    EXPECT_EQ(batch->source, (topic_partition{"a", 0}));
  }
  const auto first = heard.batches().front()->records.front();
  EXPECT_EQ(first.value, "v1000");
  EXPECT_FALSE(first.has_key);
}

TEST(KafkaConsumer, KeepsKeysTimesHeadersAndTellsATombstoneFromAnEmptyValue) {
  const mock_cluster cluster({{"a", 1}});
  test_log log(cluster.servers());
  log.write("a", {{0, "k", "value", {}, 1'700'000'000'123},
                  {0, "gone", std::nullopt, {{"h1", "x"}, {"h2", ""}}, 1'700'000'000'124},
                  {0, "", "", {}, 1'700'000'000'125},
                  {0, std::nullopt, "last", {{"h3", "z"}}, 1'700'000'000'126}});
  recording_listener heard;
  const auto reader = open(options_for(cluster, {"a"}), heard);
  reader->start({"a", 0}, generation(1), next_offset(0), {});
  ASSERT_TRUE(heard.wait_for_records(4));

  std::vector<std::pair<record, record_headers>> got;
  const auto batches = heard.batches();
  for (const auto& batch : batches)
    for (const auto& r : batch->records)
      got.emplace_back(r, r.headers > 0 ? batch->headers.at(r.headers - 1) : record_headers{});
  EXPECT_EQ(got[0].first.key, "k");
  EXPECT_TRUE(got[0].first.has_key);
  EXPECT_EQ(got[0].first.value, "value");
  EXPECT_EQ(got[0].first.headers, 0U);
  EXPECT_EQ(got[0].first.append_time.time_since_epoch().count(), 1'700'000'000'123);
  EXPECT_EQ(got[1].first.value, std::nullopt);
  EXPECT_EQ(got[1].second, (record_headers{{"h1", "x"}, {"h2", ""}}));
  EXPECT_TRUE(got[2].first.has_key);
  EXPECT_EQ(got[2].first.key, "");
  EXPECT_EQ(got[2].first.value, "");
  EXPECT_FALSE(got[3].first.has_key);
  EXPECT_EQ(got[3].second, (record_headers{{"h3", "z"}}));
}

TEST(KafkaConsumer, LeavesRecordsWithTheLibraryUntilTheyAreAllowedAndItIsWoken) {
  const mock_cluster cluster({{"a", 2}});
  test_log log(cluster.servers());
  log.write_numbered("a", 0, 100);
  log.write_numbered("a", 1, 100);
  recording_listener heard;
  heard.allow({"a", 0}, 0);
  const auto reader = open(options_for(cluster, {"a"}), heard);
  reader->start({"a", 0}, generation(1), next_offset(0), {});
  reader->start({"a", 1}, generation(1), next_offset(0), {});
  // The one that waits has something to give, and the other one goes on beside it.
  ASSERT_TRUE(heard.wait_for_allowance_questions({"a", 0}, 1));
  ASSERT_TRUE(heard.wait_for_records({"a", 1}, 100));
  EXPECT_EQ(heard.offsets({"a", 0}), counting(0, 0));

  heard.allow({"a", 0}, 1000);
  reader->wake();
  ASSERT_TRUE(heard.wait_for_records({"a", 0}, 100));
  EXPECT_EQ(heard.offsets({"a", 0}), counting(0, 100));
}

TEST(KafkaConsumer, NeverDeliversMoreInABatchThanIsAllowed) {
  const mock_cluster cluster({{"a", 1}});
  test_log log(cluster.servers());
  log.write_numbered("a", 0, 100);
  recording_listener heard;
  heard.allow(3);
  const auto reader = open(options_for(cluster, {"a"}), heard);
  reader->start({"a", 0}, generation(1), next_offset(0), {});
  ASSERT_TRUE(heard.wait_for_records(100));
  for (const auto& batch : heard.batches())
    EXPECT_LE(batch->records.size(), 3U);
  EXPECT_EQ(heard.offsets({"a", 0}), counting(0, 100));
}

TEST(KafkaConsumer, BoundsABatchByRecordsAndBytes) {
  const mock_cluster cluster({{"a", 1}, {"b", 1}});
  test_log log(cluster.servers());
  log.write_numbered("a", 0, 1000);
  const std::string kilobyte(1024, 'x');
  std::vector<testing::test_record> large;
  for (int i = 0; i < 600; ++i)
    large.push_back({0, std::nullopt, kilobyte, {}, 0});
  log.write("b", large);
  recording_listener heard;
  auto options = options_for(cluster, {"a", "b"});
  options.max_batch_records = 50;
  options.max_batch_bytes = 10 * 1024;
  const auto reader = open(options, heard);
  reader->start({"a", 0}, generation(1), next_offset(0), {});
  reader->start({"b", 0}, generation(1), next_offset(0), {});
  ASSERT_TRUE(heard.wait_for_records(1600));
  for (const auto& batch : heard.batches()) {
    EXPECT_LE(batch->records.size(), 50U);
    EXPECT_LE(batch->bytes.size(), 20U * 1024U);
  }
}

TEST(KafkaConsumer, MovesAPartitionThatIsReadWhenItIsStartedAgain) {
  const mock_cluster cluster({{"a", 1}});
  test_log log(cluster.servers());
  log.write_numbered("a", 0, 100);
  recording_listener heard;
  const auto reader = open(options_for(cluster, {"a"}), heard);
  reader->start({"a", 0}, generation(1), next_offset(0), {});
  ASSERT_TRUE(heard.wait_for_records(100));
  reader->start({"a", 0}, generation(2), next_offset(40), {});
  ASSERT_TRUE(heard.wait_for_records(160));
  std::vector<std::int64_t> again;
  for (const auto& batch : heard.batches())
    if (batch->gen == generation(2))
      for (const auto& r : batch->records)
        again.push_back(r.offset.value());
  EXPECT_EQ(again, counting(40, 60));
}

TEST(KafkaConsumer, DeliversNothingOfAPartitionThatWasStopped) {
  const mock_cluster cluster({{"a", 2}});
  test_log log(cluster.servers());
  recording_listener heard;
  const auto reader = open(options_for(cluster, {"a"}), heard);
  reader->start({"a", 0}, generation(1), next_offset(0), {});
  reader->start({"a", 1}, generation(1), next_offset(0), {});
  log.write_numbered("a", 0, 1);
  ASSERT_TRUE(heard.wait_for_records({"a", 0}, 1));
  reader->stop({"a", 0});
  log.write_numbered("a", 0, 10, 1);
  log.write_numbered("a", 1, 10);
  ASSERT_TRUE(heard.wait_for_records({"a", 1}, 10));
  EXPECT_EQ(heard.offsets({"a", 0}), counting(0, 1));
}

TEST(KafkaConsumer, ReportsAnOffsetOutOfRangeAndJumpsNowhere) {
  const mock_cluster cluster({{"a", 1}});
  test_log log(cluster.servers());
  log.write_numbered("a", 0, 10);
  recording_listener heard;
  const auto reader = open(options_for(cluster, {"a"}), heard);
  reader->start({"a", 0}, generation(3), next_offset(500), {});
  ASSERT_TRUE(heard.wait_for_fault());
  ASSERT_EQ(heard.faults().size(), 1U);
  EXPECT_EQ(heard.faults()[0].source, (topic_partition{"a", 0}));
  EXPECT_EQ(heard.faults()[0].gen, generation(3));
  EXPECT_EQ(heard.faults()[0].kind, read_fault::offset_out_of_range);
  EXPECT_EQ(heard.records(), 0U);
  // The next claim goes on.
  reader->start({"a", 0}, generation(4), next_offset(8), {});
  ASSERT_TRUE(heard.wait_for_records(2));
  EXPECT_EQ(heard.offsets({"a", 0}), counting(8, 2));
}

TEST(KafkaConsumer, StartsAgainAfterAnErrorOfAFetchWithoutLossOrRepetition) {
  mock_cluster cluster({{"a", 1}});
  test_log log(cluster.servers());
  recording_listener heard;
  const auto reader = open(options_for(cluster, {"a"}), heard);
  reader->start({"a", 0}, generation(1), next_offset(0), {});
  log.write_numbered("a", 0, 300);
  ASSERT_TRUE(heard.wait_for_records(300));
  // On a busy machine an error that the mock cluster was told to give did not always arrive.
  int count = 300;
  while (heard.faults().empty()) {
    ASSERT_LT(count, 320);
    cluster.fail_next_fetch();
    log.write_numbered("a", 0, 1, count++);
    ASSERT_TRUE(heard.wait_for_records(static_cast<std::size_t>(count)));
  }
  EXPECT_EQ(heard.faults()[0].kind, read_fault::transient);
  log.write_numbered("a", 0, 300, count);
  const auto in_all = static_cast<std::size_t>(count) + 300;
  ASSERT_TRUE(heard.wait_for_records(in_all));
  EXPECT_EQ(heard.offsets({"a", 0}), counting(0, in_all));
}

TEST(KafkaConsumer, ReportsAPartitionThatDoesNotExist) {
  const mock_cluster cluster({{"a", 1}});
  recording_listener heard;
  const auto reader = open(options_for(cluster, {"a"}), heard);
  reader->start({"a", 5}, generation(1), next_offset(0), {});
  ASSERT_TRUE(heard.wait_for_fault());
  EXPECT_EQ(heard.faults()[0].kind, read_fault::partition_gone);
}

TEST(KafkaConsumer, FollowsALeaderWithoutLossOrRepetition) {
  mock_cluster cluster({{"a", 1}}, 3);
  cluster.set_leader("a", 0, 1);
  test_log log(cluster.servers());
  log.write_numbered("a", 0, 500);
  recording_listener heard;
  const auto reader = open(options_for(cluster, {"a"}), heard);
  reader->start({"a", 0}, generation(1), next_offset(0), {});
  ASSERT_TRUE(heard.wait_for_records(500));
  cluster.set_leader("a", 0, 2);
  log.write_numbered("a", 0, 500, 500);
  ASSERT_TRUE(heard.wait_for_records(1000));
  EXPECT_EQ(heard.offsets({"a", 0}), counting(0, 1000));
}

TEST(KafkaConsumer, KeepsReadingThroughARebalanceWhateverIsNotStopped) {
  const mock_cluster cluster({{"a", 4}});
  test_log log(cluster.servers());
  recording_listener first_heard;
  auto options = options_for(cluster, {"a"});
  const auto first = open(options, first_heard);
  ASSERT_TRUE(first_heard.wait_for_assignment(4));
  for (int p = 0; p < 4; ++p)
    first->start({"a", p}, generation(1), next_offset(0), {});
  for (int p = 0; p < 4; ++p)
    log.write_numbered("a", p, 10);
  ASSERT_TRUE(first_heard.wait_for_records(40));

  recording_listener second_heard;
  const auto second = open(options, second_heard);
  ASSERT_TRUE(second_heard.wait_for_assignment(2));
  ASSERT_TRUE(first_heard.wait_for_assignment(2));
  // The group has moved two partitions; nothing was stopped by that.
  for (int p = 0; p < 4; ++p)
    log.write_numbered("a", p, 10, 10);
  ASSERT_TRUE(first_heard.wait_for_records(80));
  for (int p = 0; p < 4; ++p)
    EXPECT_EQ(first_heard.offsets({"a", p}), counting(0, 20)) << p;

  for (const auto& moved : second_heard.assignment()) {
    first->stop(moved);
    second->start(moved, generation(2), next_offset(20), {});
  }
  for (int p = 0; p < 4; ++p)
    log.write_numbered("a", p, 10, 20);
  ASSERT_TRUE(second_heard.wait_for_records(20));
  ASSERT_TRUE(first_heard.wait_for_records(100));
  EXPECT_EQ(first_heard.records(), 100U);
  EXPECT_EQ(second_heard.records(), 20U);
  for (const auto& kept : first_heard.assignment())
    EXPECT_EQ(first_heard.offsets(kept), counting(0, 30));
}

TEST(KafkaConsumer, GivesItsPartitionsBackWhenItCloses) {
  const mock_cluster cluster({{"a", 4}});
  recording_listener first_heard;
  recording_listener second_heard;
  const auto options = options_for(cluster, {"a"});
  const auto first = open(options, first_heard);
  ASSERT_TRUE(first_heard.wait_for_assignment(4));
  const auto second = open(options, second_heard);
  ASSERT_TRUE(second_heard.wait_for_assignment(2));
  EXPECT_TRUE(first->close(std::chrono::seconds(10)));
  EXPECT_TRUE(second_heard.wait_for_assignment(4));
}

TEST(KafkaConsumer, CommitsTheAppliedOffsetsForLagTools) {
  const mock_cluster cluster({{"a", 2}});
  test_log log(cluster.servers());
  recording_listener heard;
  const auto options = options_for(cluster, {"a"});
  const auto reader = open(options, heard);
  ASSERT_TRUE(heard.wait_for_assignment(2));
  reader->commit({"a", 0}, next_offset(5));
  reader->commit({"a", 0}, next_offset(42));
  EXPECT_TRUE(reader->close(std::chrono::seconds(10)));
  EXPECT_EQ(log.committed(options.group_id, "a", 0), 42);
  EXPECT_EQ(log.committed(options.group_id, "a", 1), -1);
}

TEST(KafkaConsumer, DoesNotCommitForAPartitionThatTheGroupGaveToNobodyHere) {
  const mock_cluster cluster({{"a", 1}, {"b", 1}});
  test_log log(cluster.servers());
  recording_listener heard;
  const auto options = options_for(cluster, {"a"});
  const auto reader = open(options, heard);
  ASSERT_TRUE(heard.wait_for_assignment(1));
  reader->commit({"b", 0}, next_offset(5));
  EXPECT_TRUE(reader->close(std::chrono::seconds(10)));
  EXPECT_EQ(log.committed(options.group_id, "b", 0), -1);
}

TEST(KafkaConsumer, TellsWhenNoBrokerAnswersAndWhenOneIsBack) {
  mock_cluster cluster({{"a", 1}});
  test_log log(cluster.servers());
  recording_listener heard;
  const auto reader = open(options_for(cluster, {"a"}), heard);
  reader->start({"a", 0}, generation(1), next_offset(0), {});
  log.write_numbered("a", 0, 10);
  ASSERT_TRUE(heard.wait_for_records(10));
  ASSERT_TRUE(heard.wait_for_broker_state(true));
  cluster.set_down(1);
  ASSERT_TRUE(heard.wait_for_broker_state(false));
  cluster.set_up(1);
  ASSERT_TRUE(heard.wait_for_broker_state(true));
  log.write_numbered("a", 0, 10, 10);
  ASSERT_TRUE(heard.wait_for_records(20));
  EXPECT_EQ(heard.offsets({"a", 0}), counting(0, 20));
}

TEST(KafkaConsumer, TellsTheEndOfAPartitionAlsoWhileItMayNotRead) {
  const mock_cluster cluster({{"a", 1}});
  test_log log(cluster.servers());
  recording_listener heard;
  heard.allow(0);
  const auto reader = open(options_for(cluster, {"a"}), heard);
  reader->start({"a", 0}, generation(1), next_offset(0), {});
  log.write_numbered("a", 0, 25);
  EXPECT_TRUE(heard.wait_for_end({"a", 0}, 25));
  EXPECT_EQ(heard.records(), 0U);
}

TEST(KafkaConsumer, WaitsForBrokersThatAreAbsentAndStillCloses) {
  recording_listener heard;
  consumer_options options;
  options.connection.brokers = "127.0.0.1:1";
  options.topics = {"a"};
  const auto reader = open(options, heard);
  EXPECT_TRUE(heard.wait_for_broker_state(false));
  EXPECT_FALSE(reader->joined());
  const auto closed = reader->close(std::chrono::seconds(20));
  EXPECT_TRUE(closed) << closed.failure().detail;
}

TEST(KafkaConsumer, ClosesTwice) {
  const mock_cluster cluster({{"a", 1}});
  recording_listener heard;
  const auto reader = open(options_for(cluster, {"a"}), heard);
  EXPECT_TRUE(reader->close(std::chrono::seconds(10)));
  EXPECT_TRUE(reader->close(std::chrono::seconds(10)));
}

struct refused {
  const char* what;
  consumer_options options;
  const char* named;
};

TEST(KafkaConsumer, RefusesAConfigurationAndNamesTheKey) {
  consumer_options good;
  good.connection.brokers = "127.0.0.1:1";
  good.topics = {"a"};
  std::vector<refused> cases;
  const auto add = [&](const char* what, const char* named, auto change) {
    auto options = good;
    change(options);
    cases.push_back({what, options, named});
  };
  add("no brokers", "kafka.brokers", [](auto& o) { o.connection.brokers = ""; });
  add("no topics", "kafka.topics", [](auto& o) { o.topics.clear(); });
  add("bad topic", "kafka.topics", [](auto& o) { o.topics = {"a b"}; });
  add("no group", "kafka.group_id", [](auto& o) { o.group_id = ""; });
  add("unknown property", "no.such.property", [](auto& o) {
    o.connection.properties = {{"no.such.property", "1"}};
  });
  add("fixed property", "enable.auto.commit", [](auto& o) {
    o.connection.properties = {{"enable.auto.commit", "true"}};
  });
  add("cooperative", "cooperative-sticky",
      [](auto& o) { o.assignment_strategy = "cooperative-sticky"; });
  recording_listener heard;
  for (const auto& one : cases) {
    const auto made = consumer::open(one.options, heard);
    ASSERT_FALSE(made) << one.what;
    EXPECT_EQ(made.failure().code, errc::configuration) << one.what;
    EXPECT_THAT(made.failure().detail, HasSubstr(one.named));
  }
}

TEST(KafkaConsumer, KeepsSecretsOutOfItsErrors) {
  consumer_options options;
  options.connection.brokers = "127.0.0.1:1";
  options.connection.properties = {{"no.such.password", "hunter2"}};
  options.topics = {"a"};
  recording_listener heard;
  const auto made = consumer::open(options, heard);
  ASSERT_FALSE(made);
  EXPECT_THAT(made.failure().detail, HasSubstr("no.such.password"));
  EXPECT_THAT(made.failure().detail, ::testing::Not(HasSubstr("hunter2")));
}

TEST(PrefetchKbytes, DividesTheBudgetAndKeepsToItsBounds) {
  constexpr std::size_t megabyte = 1U << 20U;
  EXPECT_EQ(prefetch_kbytes(256 * megabyte, 0), 65'536U);
  EXPECT_EQ(prefetch_kbytes(256 * megabyte, 1), 65'536U);
  EXPECT_EQ(prefetch_kbytes(256 * megabyte, 8), 32'768U);
  EXPECT_EQ(prefetch_kbytes(256 * megabyte, 100), 2'621U);
  EXPECT_EQ(prefetch_kbytes(256 * megabyte, 10'000), 1'024U);
}

} // namespace
} // namespace tradepulse::kafka
