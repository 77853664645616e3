#include "altered_messages.hpp"

#include <mutex>
#include <utility>

#include <dlfcn.h>

namespace tradepulse::kafka::testing {
namespace {

std::mutex mutex;
std::function<void(rd_kafka_message_t&)> current;

} // namespace

altered_messages::altered_messages(std::function<void(rd_kafka_message_t&)> alter) {
  const std::lock_guard guard(mutex);
  current = std::move(alter);
}

altered_messages::~altered_messages() {
  const std::lock_guard guard(mutex);
  current = nullptr;
}

} // namespace tradepulse::kafka::testing

extern "C" ssize_t rd_kafka_consume_batch_queue(rd_kafka_queue_t* queue, int timeout_ms,
                                                rd_kafka_message_t** messages, std::size_t size) {
  using function = ssize_t (*)(rd_kafka_queue_t*, int, rd_kafka_message_t**, std::size_t);
  static const auto library =
      reinterpret_cast<function>(::dlsym(RTLD_NEXT, "rd_kafka_consume_batch_queue"));
  const auto got = library(queue, timeout_ms, messages, size);
  using namespace tradepulse::kafka::testing;
  const std::lock_guard guard(mutex);
  for (ssize_t i = 0; current && i < got; ++i)
    current(*messages[i]);
  return got;
}
