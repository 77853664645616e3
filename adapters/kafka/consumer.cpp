#include "adapters/kafka/consumer.hpp"

#include <algorithm>
#include <thread>

#include "adapters/kafka/consumer_core.hpp"
#include "protocol/log.hpp"

namespace tradepulse::kafka {

result<std::unique_ptr<consumer>> consumer::open(consumer_options options,
                                                 ingest_listener& listener) {
  auto topics = topic_selection::parse(options.topics);
  if (!topics)
    return topics.failure();
  auto made = std::make_shared<core>(std::move(options), std::move(*topics), listener);
  if (auto done = made->join(); !done)
    return done.failure();
  std::thread([made] { made->run(); }).detach(); // close() waits for its end, with a deadline
  return std::unique_ptr<consumer>(new consumer(std::move(made)));
}

consumer::consumer(std::shared_ptr<core> made) : core_(std::move(made)) {}

consumer::~consumer() {
  if (auto done = close(std::chrono::seconds(5)); !done)
    log::warning("kafka_close_failed", {{"detail", done.failure().detail}});
}

void consumer::start(const topic_partition& source, generation gen, next_offset from,
                     std::optional<applied_record> before) {
  core_->post(start_command{source, gen, from, before});
}
void consumer::stop(const topic_partition& source) {
  core_->post(stop_command{source});
}
void consumer::commit(const topic_partition& source, next_offset applied) {
  core_->post(commit_command{source, applied});
}
void consumer::wake() {
  core_->wake();
}
bool consumer::joined() const {
  return core_->joined();
}
std::vector<std::string> consumer::missing_topics() const {
  return core_->missing_topics();
}

result<void> consumer::close(std::chrono::milliseconds deadline) {
  if (!core_->close(deadline))
    return error{errc::log_unavailable, "librdkafka did not close within " +
                                            std::to_string(deadline.count()) +
                                            " ms; its threads are left behind"};
  if (!core_->left_group())
    return error{errc::log_unavailable, "the consumer group was not left in time; its partitions "
                                        "come back after kafka.session_timeout"};
  return {};
}

std::size_t prefetch_kbytes(std::size_t budget_bytes, std::size_t partitions) noexcept {
  constexpr std::size_t kilobyte = 1024;
  const std::size_t part = budget_bytes / std::max<std::size_t>(1, partitions) / kilobyte;
  return std::clamp<std::size_t>(part, kilobyte, 64 * kilobyte);
}

} // namespace tradepulse::kafka
