#pragma once

#include <memory>

#include "adapters/kafka/options.hpp"
#include "protocol/ports/log_inspector.hpp"

namespace tradepulse::kafka {

// Looks into the log with a handle and a thread of its own. All questions that wait are asked
// together, so that a start with a hundred partitions takes a few round trips.
// Guarantees: each question is answered once, at most a few seconds after its deadline; a
// partition whose leader is down delays the others by a second or two and spoils none of them.
class log_inspector_kafka final : public log_inspector {
 public:
  // Absent brokers are no error. Errors: configuration, naming the key.
  static result<std::unique_ptr<log_inspector_kafka>> open(inspector_options options);
  // Open questions are answered with log_unavailable. Blocks: a few seconds where brokers are
  // silent.
  ~log_inspector_kafka() override;

  void inspect(const topic_partition& source, std::optional<record_offset> record,
               answer then) override;

 private:
  class core;
  explicit log_inspector_kafka(std::unique_ptr<core> made);
  std::unique_ptr<core> core_;
};

} // namespace tradepulse::kafka
