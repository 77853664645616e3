#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "adapters/kafka/cluster_view.hpp"
#include "adapters/kafka/topic_selection.hpp"

namespace tradepulse::kafka {

struct probe_answer {
  bool reachable = false;
  std::vector<std::string> missing;               // entries of kafka.topics that match no topic
  std::size_t partitions = 0;                     // of all topics that match
  std::map<topic_partition, high_watermark> ends; // of the watched partitions
  std::vector<topic_partition> absent;            // watched ones that the brokers do not know
};

// Asks the brokers from time to time what the library does not tell: whether one of them answers
// (the library says "all down" also where that is false, and never says "up again"), which topics
// are missing, which partitions are gone (2.0.2 does not always say), and the ends of partitions
// whose queue is full, because those are not fetched.
// A thread of its own, because the questions block.
class broker_probe {
 public:
  using taker = std::function<void(probe_answer)>; // Thread: the probe's

  // Requires: `handle` outlives the probe.
  broker_probe(rd_kafka_t* handle, topic_selection topics, std::chrono::milliseconds urgent,
               taker take);
  ~broker_probe(); // Blocks: up to one question's timeout.
  broker_probe(const broker_probe&) = delete;
  broker_probe& operator=(const broker_probe&) = delete;

  // Whose ends are asked for from now on.
  void watch(std::vector<topic_partition> sources);
  // Asks at once.
  void hurry();

 private:
  void run();
  probe_answer ask(const std::vector<topic_partition>& watched) const;

  rd_kafka_t* handle_;
  const topic_selection topics_;
  const std::chrono::milliseconds urgent_;
  const taker take_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<topic_partition> watched_;
  bool hurried_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

} // namespace tradepulse::kafka
