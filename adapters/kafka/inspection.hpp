#pragma once

#include <librdkafka/rdkafka.h>

#include <chrono>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "adapters/kafka/cluster_view.hpp"
#include "adapters/kafka/handle.hpp"
#include "adapters/kafka/wakeup.hpp"
#include "protocol/ports/log_inspector.hpp"

namespace tradepulse::kafka {

struct inspection_job {
  topic_partition source;
  std::optional<record_offset> record;
  log_inspector::answer then;
  std::chrono::steady_clock::time_point deadline;
  log_state found;
  std::string obstacle = "no answer yet"; // why it is not answered yet
};

// The questions of one inspector and how far each has come: waiting for the offsets of its
// partition, then reading its record. A partition is read for one question at a time.
// Thread: one.
class inspections {
 public:
  using clock = std::chrono::steady_clock;

  inspections(rd_kafka_t* handle, const connection_options& connection, wakeup& bell);
  ~inspections(); // Requires: fail_all() was called.
  inspections(const inspections&) = delete;
  inspections& operator=(const inspections&) = delete;

  void add(inspection_job job) { waiting_.push_back(std::move(job)); }
  // Takes every question as far as it goes now. Blocks: up to the timeouts of a few round trips.
  void advance();
  // How long nothing will happen unless the bell rings; nothing: no question is open.
  std::optional<std::chrono::milliseconds> pause() const;
  void fail_all(const std::string& why);

 private:
  void resolve();
  void resolve_with(std::vector<inspection_job> jobs, const std::string& cluster_id,
                    const std::map<std::string, listed_topic>& topics);
  result<std::map<std::string, listed_topic>> list(const std::vector<inspection_job>& jobs);
  void go_on(inspection_job job);
  void read(inspection_job job);
  void take_records();
  void conclude(const rd_kafka_message_t& message);
  void expire();
  void put_back(inspection_job job, std::string obstacle);
  rd_kafka_topic_t* topic_of(const std::string& name);
  error unavailable(const inspection_job& job) const;

  rd_kafka_t* handle_;
  const connection_options& connection_;
  queue_ptr records_;
  std::map<std::string, topic_ptr> topics_;
  std::vector<inspection_job> waiting_;
  std::map<topic_partition, inspection_job> reading_;
  clock::time_point next_try_{};
};

} // namespace tradepulse::kafka
