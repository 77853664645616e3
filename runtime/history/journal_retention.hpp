#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "adapters/postgres/journal_trimmer.hpp"
#include "protocol/metrics.hpp"

namespace tradepulse {

struct journal_retention_options {
  // One run as of now; blocks. Empty: everything is kept for ever, and nothing is done.
  std::function<journal_trim(time_ms now)> trim;
  std::function<void()> cut; // ends a run that is under way; the process ends
  std::function<time_ms()> now;
  std::chrono::milliseconds interval = std::chrono::hours{1};
  // After a run that the database, or somebody who uses a leaf, stopped.
  std::chrono::milliseconds retry = std::chrono::minutes{5};
};

// Takes what is beyond its retention out of the journal, on a thread of its own: once from begin()
// on, then every interval. What it did is in the log (journal_leaf_dropped) and in the metrics;
// that it cannot is an alarm there, and never a reason to be degraded: nothing is lost by it but
// disk. Thread: any.
class journal_retention {
 public:
  journal_retention(journal_retention_options options, metrics::registry& registry);
  ~journal_retention(); // Blocks: until a run that was cut has seen it.

  // From the first call on.
  void begin();
  // A run that is under way is cut, and none begins. Does not block.
  void stop();

  // One run, and how long to wait for the next one. Blocks. Not beside the thread of begin().
  std::chrono::milliseconds run_once();

 private:
  void run();
  void count(const journal_trim& done);

  const journal_retention_options options_;
  struct kind_metrics {
    metrics::counter& dropped;
    metrics::gauge& oldest_day;
  };
  std::map<std::string, kind_metrics, std::less<>> kinds_; // by journal_rule::stream
  metrics::counter& failures_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::thread thread_;
};

} // namespace tradepulse
