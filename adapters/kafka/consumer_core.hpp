#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "adapters/kafka/broker_probe.hpp"
#include "adapters/kafka/consumer.hpp"
#include "adapters/kafka/fetch_waker.hpp"
#include "adapters/kafka/group_member.hpp"
#include "adapters/kafka/partition_feed.hpp"

namespace tradepulse::kafka {

struct start_command {
  topic_partition source;
  generation gen;
  next_offset from;
  std::optional<applied_record> before;
};
struct stop_command {
  topic_partition source;
};
struct commit_command {
  topic_partition source;
  next_offset applied;
};
using reader_command = std::variant<start_command, stop_command, commit_command>;

// What the consumer thread owns and does. Shared between the consumer and its thread, so that a
// thread that hangs in the library can be left behind.
class consumer::core final : public group_events {
 public:
  core(consumer_options options, topic_selection topics, ingest_listener& listener);

  result<void> join(); // before the thread starts
  void run();          // the consumer thread, until asked to close

  // Thread: any.
  void post(reader_command command);
  void wake() { bell_.ring(); }
  bool joined() const { return joined_.load(); }
  std::vector<std::string> missing_topics() const;
  // Waits for run() to end. False: it did not in time.
  bool close(std::chrono::milliseconds deadline);
  bool left_group() const { return left_group_.load(); }

 private:
  using clock = std::chrono::steady_clock;

  void on_assigned(const std::vector<topic_partition>& whole) override;
  void on_all_brokers_down() override;
  void on_group_fatal(const error& why) override;

  void take_commands();
  void apply(const start_command& command);
  void apply(const stop_command& command);
  void apply(const commit_command& command);
  result<void> open_reader();
  rd_kafka_topic_t* topic_of(const std::string& name);
  void serve_reader_events();
  bool read_all();
  void deliver(partition_feed& feed, feed_reading reading);
  void take_probe_answer();
  void report_ends();
  void tell_end(const topic_partition& source, high_watermark end);
  void report_absent(const probe_answer& answer);
  void tell_fault(const partition_feed& feed, const feed_fault& fault);
  void watch_ends();
  void set_reachable(bool reachable);
  std::chrono::milliseconds time_to_wait() const;
  void shut_down();

  const consumer_options options_;
  const topic_selection topics_;
  ingest_listener& listener_;
  wakeup bell_;

  mutable std::mutex mutex_;
  std::vector<reader_command> commands_;
  std::optional<probe_answer> answer_;
  std::vector<std::string> missing_;
  std::optional<clock::time_point> close_by_;
  bool ended_ = false;
  std::condition_variable ended_changed_;
  std::atomic<bool> joined_{false};
  std::atomic<bool> left_group_{false};

  // The consumer thread's own. Order of destruction: feeds, topics, queue, reader, probe, group.
  std::unique_ptr<group_member> group_;
  std::unique_ptr<broker_probe> probe_;
  fetch_doubts doubts_; // the reader's threads write to it until it is destroyed
  feed_host host_;      // of reader_
  fetch_waker waker_;
  handle_ptr reader_;
  queue_ptr reader_events_;
  std::map<std::string, topic_ptr> topic_handles_;
  std::map<topic_partition, std::unique_ptr<partition_feed>> feeds_;
  std::size_t turn_ = 0; // who is first in the next round
  std::size_t assigned_count_ = 0;
  std::size_t listed_partitions_ = 0;
  std::optional<bool> reachable_;
  std::map<topic_partition, high_watermark> told_ends_;
  std::set<topic_partition> absent_before_; // in the last answer of the probe
  clock::time_point next_ends_{};
  bool fatal_told_ = false;
};

} // namespace tradepulse::kafka
