#include "test_log.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <stdexcept>
#include <string_view>
#include <thread>

#include <unistd.h>

namespace tradepulse::kafka::testing {
namespace {

constexpr int patience_ms = 40'000;

void require(rd_kafka_resp_err_t code, const std::string& what) {
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
    throw std::runtime_error(what + ": " + rd_kafka_err2str(code));
}

void count_failures(rd_kafka_t*, const rd_kafka_message_t* report, void* failures) {
  if (report->err != RD_KAFKA_RESP_ERR_NO_ERROR)
    ++*static_cast<int*>(failures);
}

} // namespace

std::string unique_name(const std::string& prefix) {
  static std::atomic<int> counter{0};
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return prefix + '-' + std::to_string(getpid()) + '-' +
         std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(now).count()) + '-' +
         std::to_string(++counter);
}

rd_kafka_conf_t* test_log::conf() const {
  auto* made = rd_kafka_conf_new();
  std::array<char, 256> why{};
  rd_kafka_conf_set(made, "bootstrap.servers", servers_.c_str(), why.data(), why.size());
  rd_kafka_conf_set_log_cb(made, nullptr);
  return made;
}

test_log::test_log(std::string servers) : servers_(std::move(servers)), producer_(nullptr) {
  auto* made = conf();
  std::array<char, 256> why{};
  rd_kafka_conf_set(made, "message.max.bytes", "4000000", why.data(), why.size());
  rd_kafka_conf_set(made, "queue.buffering.max.messages", "1000000", why.data(), why.size());
  rd_kafka_conf_set_dr_msg_cb(made, &count_failures);
  static thread_local int failures = 0;
  rd_kafka_conf_set_opaque(made, &failures);
  producer_ = rd_kafka_new(RD_KAFKA_PRODUCER, made, why.data(), why.size());
  if (!producer_)
    throw std::runtime_error(why.data());
}

test_log::~test_log() {
  rd_kafka_destroy(producer_);
}

void test_log::write(const std::string& topic, const std::vector<test_record>& records) {
  auto* failures = static_cast<int*>(rd_kafka_opaque(producer_));
  *failures = 0;
  for (const auto& r : records) {
    auto* headers = rd_kafka_headers_new(r.headers.size());
    for (const auto& [name, value] : r.headers)
      rd_kafka_header_add(headers, name.c_str(), -1, value.data(),
                          static_cast<ssize_t>(value.size()));
    std::string key = r.key.value_or("");
    std::string value = r.value.value_or("");
    void* const key_at = r.key ? key.data() : nullptr;
    void* const value_at = r.value ? value.data() : nullptr;
    require(rd_kafka_producev(producer_, RD_KAFKA_VTYPE_TOPIC, topic.c_str(),
                              RD_KAFKA_VTYPE_PARTITION, std::int32_t{r.partition},
                              RD_KAFKA_VTYPE_MSGFLAGS, int{RD_KAFKA_MSG_F_COPY}, RD_KAFKA_VTYPE_KEY,
                              key_at, key.size(), RD_KAFKA_VTYPE_VALUE, value_at, value.size(),
                              RD_KAFKA_VTYPE_HEADERS, headers, RD_KAFKA_VTYPE_TIMESTAMP,
                              std::int64_t{r.timestamp_ms}, RD_KAFKA_VTYPE_END),
            "produce");
    rd_kafka_poll(producer_, 0);
  }
  require(rd_kafka_flush(producer_, patience_ms), "flush");
  if (*failures > 0)
    throw std::runtime_error(std::to_string(*failures) + " records were not written");
}

void test_log::write_numbered(const std::string& topic, int partition, int count, int first) {
  std::vector<test_record> records;
  for (int i = first; i < first + count; ++i)
    records.push_back({partition, std::nullopt, "v" + std::to_string(i), {}, 0});
  write(topic, records);
}

void test_log::wait_for_admin(rd_kafka_queue_t* queue, const std::string& what) {
  auto* event = rd_kafka_queue_poll(queue, patience_ms);
  auto failed = event ? rd_kafka_event_error(event) : RD_KAFKA_RESP_ERR__TIMED_OUT;
  std::size_t count = 0;
  const rd_kafka_topic_result_t** results = nullptr;
  if (const auto* created = rd_kafka_event_CreateTopics_result(event))
    results = rd_kafka_CreateTopics_result_topics(created, &count);
  else if (const auto* grown = rd_kafka_event_CreatePartitions_result(event))
    results = rd_kafka_CreatePartitions_result_topics(grown, &count);
  else if (const auto* deleted = rd_kafka_event_DeleteTopics_result(event))
    results = rd_kafka_DeleteTopics_result_topics(deleted, &count);
  for (std::size_t i = 0; i < count && !failed; ++i)
    failed = rd_kafka_topic_result_error(results[i]);
  if (event)
    rd_kafka_event_destroy(event);
  rd_kafka_queue_destroy(queue);
  require(failed, what);
}

void test_log::wait_for_leaders(const std::string& name, std::optional<int> partitions) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(patience_ms);
  for (;;) {
    const rd_kafka_metadata_t* all = nullptr;
    require(rd_kafka_metadata(producer_, 1, nullptr, &all, patience_ms), "list topics");
    std::optional<int> leaders; // none: the broker does not know the topic
    for (int i = 0; i < all->topic_cnt; ++i) {
      const auto& topic = all->topics[i];
      if (topic.topic != std::string_view(name) || topic.err)
        continue;
      leaders = 0;
      for (int p = 0; p < topic.partition_cnt; ++p)
        leaders = *leaders + (topic.partitions[p].leader >= 0 ? 1 : 0);
    }
    rd_kafka_metadata_destroy(all);
    if (leaders == partitions)
      return;
    if (std::chrono::steady_clock::now() > deadline)
      throw std::runtime_error("the broker does not know yet what became of topic " + name);
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

void test_log::write_in_transaction(const std::string& topic, int partition, int count,
                                    bool commit) {
  const auto end = end_of(topic, partition) + count + 1;
  auto* settings = conf();
  std::array<char, 256> why{};
  rd_kafka_conf_set(settings, "transactional.id", topic.c_str(), why.data(), why.size());
  auto* producer = rd_kafka_new(RD_KAFKA_PRODUCER, settings, why.data(), why.size());
  if (!producer)
    throw std::runtime_error(why.data());
  const auto done = [](rd_kafka_error_t* failed, const std::string& what) {
    if (!failed)
      return;
    const std::string text = rd_kafka_error_string(failed);
    rd_kafka_error_destroy(failed);
    throw std::runtime_error(what + ": " + text);
  };
  done(rd_kafka_init_transactions(producer, patience_ms), "init_transactions");
  done(rd_kafka_begin_transaction(producer), "begin_transaction");
  for (int i = 0; i < count; ++i)
    require(rd_kafka_producev(producer, RD_KAFKA_VTYPE_TOPIC, topic.c_str(),
                              RD_KAFKA_VTYPE_PARTITION, std::int32_t{partition},
                              RD_KAFKA_VTYPE_END),
            "produce");
  require(rd_kafka_flush(producer, patience_ms), "flush");
  done(commit ? rd_kafka_commit_transaction(producer, patience_ms)
              : rd_kafka_abort_transaction(producer, patience_ms),
       "end of the transaction");
  rd_kafka_destroy(producer);
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(patience_ms);
  while (end_of(topic, partition) < end) { // the broker writes the marker behind its answer
    if (std::chrono::steady_clock::now() > until)
      throw std::runtime_error("no marker in " + topic);
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

std::int64_t test_log::end_of(const std::string& topic, int partition) {
  std::int64_t begin = 0;
  std::int64_t end = 0;
  require(rd_kafka_query_watermark_offsets(producer_, topic.c_str(), partition, &begin, &end,
                                           patience_ms),
          "query_watermark_offsets");
  return end;
}

void test_log::create_topic(const std::string& name, int partitions,
                            const std::vector<std::pair<std::string, std::string>>& config) {
  std::array<char, 256> why{};
  auto* topic = rd_kafka_NewTopic_new(name.c_str(), partitions, 1, why.data(), why.size());
  for (const auto& [key, value] : config)
    rd_kafka_NewTopic_set_config(topic, key.c_str(), value.c_str());
  auto* queue = rd_kafka_queue_new(producer_);
  rd_kafka_CreateTopics(producer_, &topic, 1, nullptr, queue);
  rd_kafka_NewTopic_destroy(topic);
  wait_for_admin(queue, "create topic " + name);
  wait_for_leaders(name, partitions);
}

void test_log::add_partitions(const std::string& name, int in_all) {
  std::array<char, 256> why{};
  auto* grown = rd_kafka_NewPartitions_new(name.c_str(), static_cast<std::size_t>(in_all),
                                           why.data(), why.size());
  auto* queue = rd_kafka_queue_new(producer_);
  rd_kafka_CreatePartitions(producer_, &grown, 1, nullptr, queue);
  rd_kafka_NewPartitions_destroy(grown);
  wait_for_admin(queue, "add partitions to " + name);
  wait_for_leaders(name, in_all);
}

void test_log::delete_topic(const std::string& name) {
  auto* gone = rd_kafka_DeleteTopic_new(name.c_str());
  auto* queue = rd_kafka_queue_new(producer_);
  rd_kafka_DeleteTopics(producer_, &gone, 1, nullptr, queue);
  rd_kafka_DeleteTopic_destroy(gone);
  wait_for_admin(queue, "delete topic " + name);
  wait_for_leaders(name, std::nullopt);
}

void test_log::delete_records_before(const std::string& name, int partition, std::int64_t offset) {
  auto* list = rd_kafka_topic_partition_list_new(1);
  rd_kafka_topic_partition_list_add(list, name.c_str(), partition)->offset = offset;
  auto* request = rd_kafka_DeleteRecords_new(list);
  auto* queue = rd_kafka_queue_new(producer_);
  rd_kafka_DeleteRecords(producer_, &request, 1, nullptr, queue);
  rd_kafka_DeleteRecords_destroy(request);
  rd_kafka_topic_partition_list_destroy(list);
  wait_for_admin(queue, "delete records of " + name);
}

std::int64_t test_log::committed(const std::string& group, const std::string& topic,
                                 int partition) {
  auto* made = conf();
  std::array<char, 256> why{};
  rd_kafka_conf_set(made, "group.id", group.c_str(), why.data(), why.size());
  auto* reader = rd_kafka_new(RD_KAFKA_CONSUMER, made, why.data(), why.size());
  auto* list = rd_kafka_topic_partition_list_new(1);
  rd_kafka_topic_partition_list_add(list, topic.c_str(), partition);
  const auto failed = rd_kafka_committed(reader, list, patience_ms);
  const auto offset = list->elems[0].offset;
  rd_kafka_topic_partition_list_destroy(list);
  rd_kafka_destroy(reader);
  require(failed, "committed");
  return offset < 0 ? -1 : offset;
}

std::vector<test_record> test_log::read(const std::string& topic, int partition,
                                        std::size_t count) {
  std::array<char, 256> why{};
  auto* reader = rd_kafka_new(RD_KAFKA_CONSUMER, conf(), why.data(), why.size());
  auto* handle = rd_kafka_topic_new(reader, topic.c_str(), nullptr);
  rd_kafka_consume_start(handle, partition, 0);
  std::vector<test_record> records;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(patience_ms);
  while (records.size() < count && std::chrono::steady_clock::now() < deadline) {
    auto* message = rd_kafka_consume(handle, partition, 200);
    if (!message)
      continue;
    if (!message->err) {
      test_record r;
      r.partition = message->partition;
      if (message->key)
        r.key.emplace(static_cast<const char*>(message->key), message->key_len);
      if (message->payload)
        r.value.emplace(static_cast<const char*>(message->payload), message->len);
      rd_kafka_headers_t* headers = nullptr;
      if (!rd_kafka_message_headers(message, &headers)) {
        const char* name = nullptr;
        const void* value = nullptr;
        std::size_t size = 0;
        for (std::size_t i = 0; !rd_kafka_header_get_all(headers, i, &name, &value, &size); ++i)
          r.headers.emplace_back(name, std::string(static_cast<const char*>(value), size));
      }
      records.push_back(std::move(r));
    }
    rd_kafka_message_destroy(message);
  }
  rd_kafka_consume_stop(handle, partition);
  rd_kafka_topic_destroy(handle);
  rd_kafka_destroy(reader);
  return records;
}

} // namespace tradepulse::kafka::testing
