#pragma once

#include <librdkafka/rdkafka.h>

#include <chrono>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "adapters/kafka/handle.hpp"
#include "adapters/kafka/topic_selection.hpp"
#include "adapters/kafka/wakeup.hpp"
#include "protocol/identifiers.hpp"

namespace tradepulse::kafka {

class group_events {
 public:
  virtual ~group_events() = default;
  virtual void on_assigned(const std::vector<topic_partition>& whole) = 0;
  virtual void on_all_brokers_down() = 0;
  virtual void on_group_fatal(const error& why) = 0;
};

// The membership in the group: subscribes, never reads. On ASSIGN it assigns an empty list (with
// NULL 2.0.2 never joins again), on REVOKE NULL; the assignment is only remembered and told.
// Thread: one. Blocks: leave() only.
class group_member {
 public:
  using clock = std::chrono::steady_clock;

  // Errors: configuration.
  static result<std::unique_ptr<group_member>> create(const consumer_options& options,
                                                      const topic_selection& topics, wakeup& bell);

  // Everything that has happened since the last call. Must be called at least every few seconds.
  void serve(group_events& events);
  // Remembers it; sent with the others by send_commits().
  void commit(const topic_partition& source, next_offset applied);
  // At most once in an interval, never between REVOKE and ASSIGN, without waiting for the answer.
  void send_commits(clock::time_point now);
  // Sends what is due and leaves the group. False: it did not get there in time.
  bool leave(clock::time_point deadline);

  rd_kafka_t* handle() const noexcept { return handle_.get(); }

 private:
  group_member(handle_ptr handle, const consumer_options& options, wakeup& bell);
  result<void> subscribe(const topic_selection& topics);
  void handle_event(rd_kafka_event_t* event, group_events* events);
  void rebalance(rd_kafka_event_t* event, group_events* events);
  void settle(rd_kafka_event_t* committed);
  bool commit_now();
  static void ring(rd_kafka_t* handle, void* bell);

  struct destroy_without_close {
    // The group was left (or given up) before: a second close may hang.
    void operator()(rd_kafka_t* handle) const noexcept {
      rd_kafka_destroy_flags(handle, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    }
  };

  std::unique_ptr<rd_kafka_t, destroy_without_close> handle_;
  queue_ptr queue_;
  wakeup& bell_;
  std::chrono::milliseconds commit_interval_;
  std::set<topic_partition> assigned_;
  bool rebalancing_ = true; // until the first ASSIGN
  bool leaving_ = false;    // the library ends the group
  std::map<topic_partition, next_offset> due_;
  int commits_in_flight_ = 0;
  clock::time_point next_commit_{};
};

} // namespace tradepulse::kafka
