#pragma once

#include <functional>

#include <librdkafka/rdkafka.h>

namespace tradepulse::kafka::testing {

// What the library should never hand out, and may: while one of these lives, each message that
// rd_kafka_consume_batch_queue gives to this process passes through `alter` first.
// (The test program has a function of that name, which the linker prefers to the library's.)
class altered_messages {
 public:
  // Thread: `alter` is called on the consumer thread.
  explicit altered_messages(std::function<void(rd_kafka_message_t&)> alter);
  ~altered_messages();
  altered_messages(const altered_messages&) = delete;
  altered_messages& operator=(const altered_messages&) = delete;
};

} // namespace tradepulse::kafka::testing
