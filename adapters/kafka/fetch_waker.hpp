#pragma once

#include <librdkafka/rdkafka.h>

#include <chrono>
#include <optional>
#include <string>

#include "adapters/kafka/options.hpp"

namespace tradepulse::kafka {

// Tells librdkafka that there is room in its queues again. Once every partition of a broker has
// reached queued.max.messages.kbytes, 2.0.2 looks at the queues again only when something wakes the
// broker's thread, at most a second later: a reader slower than its brokers then stands still most
// of the time (measured: 4 % of the rate that it could take, one partition, 1 MB).
// Thread: one.
class fetch_waker {
 public:
  using clock = std::chrono::steady_clock;

  explicit fetch_waker(const connection_options& connection);

  void room_was_made() noexcept { wanted_ = true; }
  // At most once in a few milliseconds.
  void wake_where_due(rd_kafka_t* reader, clock::time_point now);
  std::optional<clock::time_point> due() const noexcept;

 private:
  std::string user_;
  std::string password_;
  bool wanted_ = false;
  clock::time_point next_{};
};

} // namespace tradepulse::kafka
