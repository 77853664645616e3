// Against Apache Kafka at TRADEPULSE_TEST_KAFKA: what the mock cluster cannot show.
#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <numeric>
#include <string>

#include "adapters/kafka/consumer.hpp"
#include "adapters/kafka/dead_letter_producer.hpp"
#include "adapters/kafka/log_inspector_kafka.hpp"
#include "adapters/kafka/offsets.hpp"
#include "recording_listener.hpp"
#include "test_log.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tradepulse::kafka {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Key;
using ::testing::Not;
using ::testing::Pair;
using testing::patience;
using testing::recording_listener;
using testing::test_log;
using testing::unique_name;
using ::testing::UnorderedElementsAre;

std::vector<std::int64_t> counting(std::int64_t from, std::size_t count) {
  std::vector<std::int64_t> list(count);
  std::iota(list.begin(), list.end(), from);
  return list;
}

class RealKafka : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* servers = std::getenv("TRADEPULSE_TEST_KAFKA");
    ASSERT_NE(servers, nullptr)
        << "TRADEPULSE_TEST_KAFKA=host:port of an Apache Kafka is needed; scripts/test starts one";
    servers_ = servers;
    log_ = std::make_unique<test_log>(servers_);
  }

  consumer_options options_for(std::vector<std::string> topics) const {
    consumer_options options;
    options.connection.brokers = servers_;
    options.group_id = unique_name("group");
    options.topics = std::move(topics);
    return options;
  }

  static std::unique_ptr<consumer> open(const consumer_options& options,
                                        ingest_listener& listener) {
    auto made = consumer::open(options, listener);
    if (!made)
      throw std::runtime_error(made.failure().detail);
    return std::move(*made);
  }

  result<log_state> inspect(const topic_partition& source, std::optional<record_offset> record) {
    if (!inspector_) {
      inspector_options options;
      options.connection.brokers = servers_;
      options.deadline = patience;
      inspector_ = std::move(*log_inspector_kafka::open(options));
    }
    std::mutex mutex;
    std::condition_variable changed;
    std::optional<result<log_state>> got;
    inspector_->inspect(source, record, [&](result<log_state> answer) {
      const std::lock_guard guard(mutex);
      got = std::move(answer);
      changed.notify_all();
    });
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return got.has_value(); });
    return *got;
  }

  std::string servers_;
  std::unique_ptr<test_log> log_;
  std::unique_ptr<log_inspector_kafka> inspector_;
};

TEST_F(RealKafka, FindsANewTopicOfAGlobButNeverItsDeadLetters) {
  const auto prefix = unique_name("glob");
  log_->create_topic(prefix + ".one", 2);
  log_->create_topic(prefix + ".one.dead-letter", 1);
  recording_listener heard;
  const auto reader = open(options_for({prefix + ".*"}), heard);
  ASSERT_TRUE(heard.wait_for_assignment(2));

  log_->create_topic(prefix + ".two.dead-letter", 1);
  log_->create_topic(prefix + ".two", 1);
  log_->write_numbered(prefix + ".two", 0, 5);
  ASSERT_TRUE(heard.wait_for_assignment(3));
  EXPECT_THAT(heard.assignment(), UnorderedElementsAre(topic_partition{prefix + ".one", 0},
                                                       topic_partition{prefix + ".one", 1},
                                                       topic_partition{prefix + ".two", 0}));
  reader->start({prefix + ".two", 0}, generation(1), next_offset(0), {});
  ASSERT_TRUE(heard.wait_for_records(5));
  EXPECT_EQ(heard.offsets({prefix + ".two", 0}), counting(0, 5));
}

TEST_F(RealKafka, FindsNewPartitionsAndReadsThemFromTheirFirstOffset) {
  const auto topic = unique_name("grown");
  log_->create_topic(topic, 1);
  recording_listener heard;
  const auto reader = open(options_for({topic}), heard);
  ASSERT_TRUE(heard.wait_for_assignment(1));
  reader->start({topic, 0}, generation(1), next_offset(0), {});
  log_->add_partitions(topic, 3);
  ASSERT_TRUE(heard.wait_for_assignment(3));
  test_log fresh(servers_); // knows all three
  fresh.write_numbered(topic, 2, 7);
  reader->start({topic, 2}, generation(1), next_offset(0), {});
  ASSERT_TRUE(heard.wait_for_records({topic, 2}, 7));
  EXPECT_EQ(heard.offsets({topic, 2}), counting(0, 7));
}

TEST_F(RealKafka, WaitsWithoutJoiningWhileNoTopicExistsAndNamesIt) {
  const auto topic = unique_name("later");
  recording_listener heard;
  const auto reader = open(options_for({topic, topic + ".*"}), heard);
  ASSERT_TRUE(heard.wait_for_broker_state(true));
  EXPECT_THAT(reader->missing_topics(), ElementsAre(topic, topic + ".*"));
  EXPECT_FALSE(reader->joined());

  log_->create_topic(topic, 2);
  ASSERT_TRUE(heard.wait_for_assignment(2));
  EXPECT_TRUE(reader->close(std::chrono::seconds(10)));
  EXPECT_TRUE(reader->joined());
}

TEST_F(RealKafka, NamesTheTopicThatIsMissingBesideOneThatExists) {
  const auto topic = unique_name("here");
  log_->create_topic(topic, 1);
  recording_listener heard;
  const auto reader = open(options_for({topic, topic + "-absent"}), heard);
  ASSERT_TRUE(heard.wait_for_assignment(1));
  EXPECT_THAT(reader->missing_topics(), ElementsAre(topic + "-absent"));
}

TEST_F(RealKafka, TouchesOnlyWhatMovesBetweenTwoConsumers) {
  const auto topic = unique_name("moves");
  log_->create_topic(topic, 4);
  const auto options = options_for({topic});
  recording_listener first_heard;
  const auto first = open(options, first_heard);
  ASSERT_TRUE(first_heard.wait_for_assignment(4));
  for (int p = 0; p < 4; ++p) {
    first->start({topic, p}, generation(1), next_offset(0), {});
    log_->write_numbered(topic, p, 100);
  }
  ASSERT_TRUE(first_heard.wait_for_records(400));
  recording_listener second_heard;
  const auto second = open(options, second_heard);
  ASSERT_TRUE(second_heard.wait_for_assignment(2));
  ASSERT_TRUE(first_heard.wait_for_assignment(2));
  for (const auto& moved : second_heard.assignment()) {
    first->stop(moved);
    second->start(moved, generation(2), next_offset(100), {});
  }
  for (int p = 0; p < 4; ++p)
    log_->write_numbered(topic, p, 50, 100);
  ASSERT_TRUE(second_heard.wait_for_records(100));
  for (const auto& kept : first_heard.assignment())
    ASSERT_TRUE(first_heard.wait_for_records(kept, 150));
  for (const auto& kept : first_heard.assignment())
    EXPECT_EQ(first_heard.offsets(kept), counting(0, 150));
  for (const auto& moved : second_heard.assignment())
    EXPECT_EQ(second_heard.offsets(moved), counting(100, 50));
}

TEST_F(RealKafka, CommitsAndLeavesTheGroupAtTheEnd) {
  const auto topic = unique_name("committed");
  log_->create_topic(topic, 1);
  const auto options = options_for({topic});
  recording_listener heard;
  const auto reader = open(options, heard);
  ASSERT_TRUE(heard.wait_for_assignment(1));
  reader->commit({topic, 0}, next_offset(0));
  const auto closed = reader->close(std::chrono::seconds(10));
  EXPECT_TRUE(closed) << closed.failure().detail;
  EXPECT_EQ(log_->committed(options.group_id, topic, 0), 0);
}

// Reads less at a time than the library has fetched, with a prefetch that is full all the time.
class slow_listener final : public ingest_listener {
 public:
  void on_assignment(const std::vector<topic_partition>&) override {}
  std::size_t allowance(const topic_partition&) override {
    const std::lock_guard guard(mutex_);
    return credit_;
  }
  void on_batch(std::shared_ptr<const record_batch> batch) override {
    const std::lock_guard guard(mutex_);
    credit_ -= batch->records.size();
    taken_ += batch->records.size();
    for (const auto& r : batch->records) {
      if (r.offset.value() != next_[batch->source])
        ++out_of_order_;
      next_[batch->source] = r.offset.value() + 1;
    }
    changed_.notify_all();
  }
  void on_fault(const topic_partition&, generation, read_fault, const std::string&) override {
    const std::lock_guard guard(mutex_);
    ++out_of_order_;
  }
  void on_broker_state(bool) override {}
  void on_high_watermark(const topic_partition&, high_watermark) override {}
  void on_fatal(const error& why) override { ADD_FAILURE() << why.detail; }

  // Gives credit for `step` records whenever the last is used up, until `total` have come.
  bool feed_until(consumer& reader, std::size_t total, std::size_t step) {
    std::unique_lock lock(mutex_);
    while (taken_ < total) {
      credit_ = step;
      lock.unlock();
      reader.wake();
      lock.lock();
      if (!changed_.wait_for(lock, patience, [&] { return credit_ == 0 || taken_ >= total; }))
        return false;
    }
    return true;
  }
  std::size_t taken() const { return taken_; }
  std::size_t out_of_order() const { return out_of_order_; }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t credit_ = 0;
  std::size_t taken_ = 0;
  std::size_t out_of_order_ = 0;
  std::map<topic_partition, std::int64_t> next_;
};

TEST_F(RealKafka, DeliversEverythingToAReaderThatIsSlowerThanTheBroker) {
  const auto topic = unique_name("slow");
  log_->create_topic(topic, 2);
  const std::string value(200, 'x');
  for (int p = 0; p < 2; ++p)
    log_->write(topic, std::vector<testing::test_record>(60'000, {p, "key", value, {}, 0}));
  slow_listener heard;
  auto options = options_for({topic});
  options.prefetch_bytes = 1; // the least: 1 MB a partition, of 12 MB each
  const auto reader = open(options, heard);
  reader->start({topic, 0}, generation(1), next_offset(0), {});
  reader->start({topic, 1}, generation(1), next_offset(0), {});
  ASSERT_TRUE(heard.feed_until(*reader, 120'000, 2000)) << heard.taken();
  EXPECT_EQ(heard.taken(), 120'000U);
  EXPECT_EQ(heard.out_of_order(), 0U);
}

TEST_F(RealKafka, ReportsExpiredRecordsAndTheInspectorKnowsWhereTheLogBegins) {
  const auto topic = unique_name("expired");
  log_->create_topic(topic, 1);
  log_->write_numbered(topic, 0, 20);
  const auto before = inspect({topic, 0}, record_offset(4));
  ASSERT_TRUE(before) << before.failure().detail;
  EXPECT_EQ(before->begin, next_offset(0));
  EXPECT_TRUE(before->digest.has_value());

  log_->delete_records_before(topic, 0, 15);
  const auto after = inspect({topic, 0}, record_offset(4));
  ASSERT_TRUE(after);
  EXPECT_EQ(after->begin, next_offset(15));
  EXPECT_EQ(after->end, high_watermark(20));
  EXPECT_EQ(after->digest, std::nullopt);
  EXPECT_EQ(after->cluster_id, before->cluster_id);
  EXPECT_EQ(after->cluster_id.size(), 22U);

  recording_listener heard;
  const auto reader = open(options_for({topic}), heard);
  reader->start({topic, 0}, generation(1), next_offset(4), {});
  ASSERT_TRUE(heard.wait_for_fault());
  EXPECT_EQ(heard.faults()[0].kind, read_fault::offset_out_of_range);
  EXPECT_EQ(heard.records(), 0U);
}

TEST_F(RealKafka, TellsWhereTheNextRecordIsAndThatMarkersAreNone) {
  const auto topic = unique_name("markers");
  log_->create_topic(topic, 1);
  log_->write_in_transaction(topic, 0, 3);        // 0 to 2, the marker at 3
  log_->write_in_transaction(topic, 0, 2, false); // 4 and 5, the marker at 6
  log_->write_numbered(topic, 0, 1);              // 7
  const auto behind_the_first = inspect({topic, 0}, record_offset(3));
  ASSERT_TRUE(behind_the_first) << behind_the_first.failure().detail;
  EXPECT_EQ(behind_the_first->end, high_watermark(8));
  EXPECT_EQ(behind_the_first->first_from, record_offset(7));
  EXPECT_FALSE(behind_the_first->digest);
  EXPECT_EQ(inspect({topic, 0}, record_offset(1))->first_from, record_offset(1));

  log_->write_in_transaction(topic, 0, 1, false); // 8, the marker at 9
  const auto last = inspect({topic, 0}, record_offset(8));
  EXPECT_EQ(last->end, high_watermark(10));
  EXPECT_FALSE(last->first_from);
  EXPECT_FALSE(inspect({topic, 0}, record_offset(10))->first_from);
}

TEST_F(RealKafka, GivesAnotherDigestForATopicThatWasMadeAnew) {
  const auto topic = unique_name("replaced");
  log_->create_topic(topic, 1);
  log_->write(topic, {{0, "k", "old", {}, 1'700'000'000'000}});
  const auto before = inspect({topic, 0}, record_offset(0));
  ASSERT_TRUE(before);
  log_->delete_topic(topic);
  log_->create_topic(topic, 1);
  test_log(servers_).write(topic, {{0, "k", "new", {}, 1'700'000'000'000}});
  const auto after = inspect({topic, 0}, record_offset(0));
  ASSERT_TRUE(after) << after.failure().detail;
  ASSERT_TRUE(after->digest.has_value());
  EXPECT_NE(after->digest, before->digest);
}

TEST_F(RealKafka, FindsARecordInTheMiddleOfABatch) {
  const auto topic = unique_name("batches");
  log_->create_topic(topic, 1);
  log_->write_numbered(topic, 0, 1000); // in few batches
  for (const std::int64_t offset : {0, 1, 499, 998, 999}) {
    const auto state = inspect({topic, 0}, record_offset(offset));
    ASSERT_TRUE(state);
    EXPECT_TRUE(state->digest.has_value()) << offset;
  }
  EXPECT_EQ(inspect({topic, 0}, record_offset(1000))->digest, std::nullopt);
}

TEST_F(RealKafka, ReportsAPartitionWhoseTopicWasDeleted) {
  const auto topic = unique_name("deleted");
  log_->create_topic(topic, 1);
  log_->write_numbered(topic, 0, 3);
  recording_listener heard;
  const auto reader = open(options_for({topic}), heard);
  ASSERT_TRUE(heard.wait_for_assignment(1));
  reader->start({topic, 0}, generation(1), next_offset(0), {});
  ASSERT_TRUE(heard.wait_for_records(3));
  log_->delete_topic(topic);
  ASSERT_TRUE(heard.wait_for_fault());
  EXPECT_EQ(heard.faults()[0].kind, read_fault::partition_gone);
}

// Reads a log of 100 records, replaces it by one of 300 and waits for the end of reading.
// Returns how many records of the new log were delivered.
std::size_t replace_under(const std::string& servers, test_log& log, recording_listener& heard,
                          const std::string& topic) {
  log.create_topic(topic, 1);
  log.write(topic, std::vector<testing::test_record>(100, {0, "k", "old", {}, 0}));
  consumer_options options;
  options.connection.brokers = servers;
  options.group_id = unique_name("group");
  options.topics = {topic};
  const auto reader = std::move(*consumer::open(options, heard));
  reader->start({topic, 0}, generation(1), next_offset(0), {});
  EXPECT_TRUE(heard.wait_for_records(100));
  log.delete_topic(topic);
  log.create_topic(topic, 1);
  test_log(servers).write(topic, std::vector<testing::test_record>(300, {0, "k", "new", {}, 0}));
  EXPECT_TRUE(heard.wait_for_fault());
  std::size_t of_new = 0;
  for (const auto& batch : heard.batches())
    for (const auto& record : batch->records)
      of_new += record.value == "new" ? 1U : 0U;
  return of_new;
}

TEST_F(RealKafka, DeliversNoRecordOfALogThatReplacedTheOneItReads) {
  for (int round = 0; round < 5; ++round) {
    recording_listener heard;
    EXPECT_EQ(replace_under(servers_, *log_, heard, unique_name("replaced")), 0U);
    EXPECT_NE(heard.faults()[0].kind, read_fault::transient);
  }
}

TEST_F(RealKafka, CutsOnlyTheLetterThatTheTopicIsTooNarrowFor) {
  const auto topic = unique_name("narrow");
  const auto dead = topic + ".dead-letter";
  log_->create_topic(dead, 1, {{"max.message.bytes", "80000"}});
  const auto batch = std::make_shared<record_batch>();
  batch->source = {topic, 0};
  batch->bytes = std::string(300'000, 'x');
  for (const std::size_t size : {std::size_t{10}, std::size_t{300'000}, std::size_t{70'000}}) {
    record r;
    r.offset = record_offset(static_cast<std::int64_t>(batch->records.size()));
    r.value = std::string_view(batch->bytes).substr(0, size);
    batch->records.push_back(r);
  }
  dead_letter_options options;
  options.connection.brokers = servers_;
  const auto letters = dead_letter_producer::open(options);
  ASSERT_TRUE(letters);
  std::atomic<int> confirmed{0};
  for (std::size_t i = 0; i < 3; ++i)
    (*letters)->produce({batch, i, reject_reason::too_large, "detail"},
                        [&](result<void> outcome) { confirmed += outcome ? 1 : 0; });
  ASSERT_TRUE((*letters)->drain(patience));
  EXPECT_EQ(confirmed, 3);
  std::map<std::size_t, std::vector<std::pair<std::string, std::string>>> by_size;
  for (const auto& letter : log_->read(dead, 0, 3))
    by_size[letter.value->size()] = letter.headers;
  ASSERT_THAT(by_size, UnorderedElementsAre(Key(10U), Key(65'536U), Key(70'000U)));
  EXPECT_THAT(by_size[65'536], Contains(Pair("tradepulse-truncated", "300000")));
  EXPECT_THAT(by_size[70'000], Not(Contains(Key("tradepulse-truncated"))));
}

TEST_F(RealKafka, ListsOffsetsByGlob) {
  const auto prefix = unique_name("listed");
  log_->create_topic(prefix + ".a", 3);
  log_->write_numbered(prefix + ".a", 1, 9);
  connection_options connection;
  connection.brokers = servers_;
  const auto listed = list_offsets(connection, {prefix + ".*"}, patience);
  ASSERT_TRUE(listed) << listed.failure().detail;
  ASSERT_EQ(listed->partitions.size(), 3U);
  EXPECT_EQ(listed->partitions[1].end, high_watermark(9));
  EXPECT_EQ(listed->partitions[2].end, high_watermark(0));
  EXPECT_THAT(listed->missing, IsEmpty());
}

} // namespace
} // namespace tradepulse::kafka
