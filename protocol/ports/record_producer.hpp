#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "protocol/record.hpp"
#include "protocol/result.hpp"

namespace tradepulse {

// Appends records to the log; for the feeds (`replay`, `feed synthetic`). Thread: one.
class record_producer {
 public:
  virtual ~record_producer() = default;
  // Blocks while the local queue is full. Records of one key keep their order (idempotent
  // producer where the broker knows it). Errors: log_unavailable, too_large.
  virtual result<void> produce(std::string_view topic, std::string_view key,
                               std::string_view value) = 0;
  // Waits until everything is confirmed. Errors: log_unavailable with the number of records that
  // were not.
  virtual result<void> flush(std::chrono::milliseconds deadline) = 0;
  virtual std::uint64_t confirmed() const noexcept = 0;
  virtual std::uint64_t failed() const noexcept = 0;
};

} // namespace tradepulse
