#pragma once

#include <memory>

#include "adapters/kafka/options.hpp"
#include "protocol/ports/record_producer.hpp"

namespace tradepulse::kafka {

// The idempotent producer of the feeds. Thread: one; it also takes the confirmations, inside
// produce() and flush().
class producer final : public record_producer {
 public:
  // Absent brokers are no error. Errors: configuration, naming the key.
  static result<std::unique_ptr<producer>> open(producer_options options);
  // What is not confirmed is given up: flush() first.
  ~producer() override;

  result<void> produce(std::string_view topic, std::string_view key,
                       std::string_view value) override;
  result<void> flush(std::chrono::milliseconds deadline) override;
  std::uint64_t confirmed() const noexcept override;
  std::uint64_t failed() const noexcept override;

 private:
  class core;
  explicit producer(std::unique_ptr<core> made);
  std::unique_ptr<core> core_;
};

} // namespace tradepulse::kafka
