#pragma once

#include <chrono>
#include <memory>

#include "adapters/kafka/options.hpp"
#include "protocol/ports/dead_letter_sink.hpp"

namespace tradepulse::kafka {

// Dead letters by an idempotent producer with a thread of its own. What librdkafka has no place for
// waits in a queue of ours; each letter there holds the ingest credit of its batch, which bounds
// it. Every letter is answered once: confirmed, or log_unavailable after `message_timeout` (the
// letter may still arrive: at least once) or refused: for its size it is cut, then sent without its
// value, before that.
class dead_letter_producer final : public dead_letter_sink {
 public:
  // Absent brokers are no error. Errors: configuration, naming the key.
  static result<std::unique_ptr<dead_letter_producer>> open(dead_letter_options options);
  // Letters that are not confirmed yet are answered with log_unavailable.
  ~dead_letter_producer() override;

  void produce(dead_letter letter, std::function<void(result<void>)> then) override;
  // Waits until nothing is open. False: something still is. Thread: not the producer's.
  bool drain(std::chrono::milliseconds deadline);

 private:
  class core;
  explicit dead_letter_producer(std::unique_ptr<core> made);
  std::unique_ptr<core> core_;
};

} // namespace tradepulse::kafka
