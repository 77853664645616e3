#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <librdkafka/rdkafka.h>

namespace tradepulse::kafka::testing {

struct test_record {
  int partition = 0;
  std::optional<std::string> key;
  std::optional<std::string> value;
  std::vector<std::pair<std::string, std::string>> headers;
  std::int64_t timestamp_ms = 0; // 0: now
};

// Everything that tests do to a log from outside: write any kind of record, manage topics (a real
// broker only), look at committed offsets.
class test_log {
 public:
  explicit test_log(std::string servers);
  ~test_log();
  test_log(const test_log&) = delete;
  test_log& operator=(const test_log&) = delete;

  // Waits until all are confirmed; throws otherwise.
  void write(const std::string& topic, const std::vector<test_record>& records);
  // `count` records "v<first>", "v<first + 1>", ... without key.
  void write_numbered(const std::string& topic, int partition, int count, int first = 0);
  // The same in a transaction, which leaves a marker behind them (a real broker only). Not
  // committed: they are records of nobody. Returns when the marker is in the log.
  void write_in_transaction(const std::string& topic, int partition, int count, bool commit = true);

  // These three return when the broker does what the controller has agreed to: until then a topic
  // that was made anew is the old one to all who write and read.
  void create_topic(const std::string& name, int partitions,
                    const std::vector<std::pair<std::string, std::string>>& config = {});
  void add_partitions(const std::string& name, int in_all);
  void delete_topic(const std::string& name);
  void delete_records_before(const std::string& name, int partition, std::int64_t offset);
  // -1: nothing was committed.
  std::int64_t committed(const std::string& group, const std::string& topic, int partition);

  // Every record of the partition from offset 0 up to `count` of them.
  std::vector<test_record> read(const std::string& topic, int partition, std::size_t count);

 private:
  rd_kafka_conf_t* conf() const;
  // Until the broker has a leader for so many partitions; none: until it does not know the topic.
  void wait_for_leaders(const std::string& name, std::optional<int> partitions);
  std::int64_t end_of(const std::string& topic, int partition); // where no transaction is open
  void wait_for_admin(rd_kafka_queue_t* queue, const std::string& what);

  std::string servers_;
  rd_kafka_t* producer_;
};

// A name that no other test and no earlier run has used.
std::string unique_name(const std::string& prefix);

} // namespace tradepulse::kafka::testing
