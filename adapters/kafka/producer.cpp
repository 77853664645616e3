#include "adapters/kafka/producer.hpp"

#include <atomic>
#include <map>
#include <string>
#include <vector>

#include "adapters/kafka/handle.hpp"

namespace tradepulse::kafka {
namespace {

constexpr int room_wait_ms = 10; // for reports, while the local queue is full
constexpr std::uint64_t poll_every = 64;

} // namespace

class producer::core {
 public:
  explicit core(producer_options options) : options_(std::move(options)) {}

  ~core() {
    if (!handle_)
      return;
    // Reports of what is given up must come while this object lives.
    rd_kafka_purge(handle_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    rd_kafka_flush(handle_.get(), 100);
  }

  result<void> start() {
    const std::vector<setting> ours{
        {"enable.idempotence", "true"},
        {"linger.ms", std::to_string(options_.linger.count())},
        {"message.timeout.ms", std::to_string(options_.message_timeout.count())},
        {"queue.buffering.max.messages", std::to_string(options_.queue_capacity_messages)},
        {"compression.type", options_.compression},
        {"partitioner", "murmur2_random"}, // as Java producers choose: a key keeps its partition
    };
    auto conf = make_conf(options_.connection, ours);
    if (!conf)
      return conf.failure();
    rd_kafka_conf_set_opaque(conf->get(), this);
    rd_kafka_conf_set_dr_msg_cb(conf->get(), &core::take_report);
    auto made = make_handle(RD_KAFKA_PRODUCER, std::move(*conf), options_.connection);
    if (!made)
      return made.failure();
    handle_ = std::move(*made);
    return {};
  }

  result<void> produce(std::string_view topic, std::string_view key, std::string_view value) {
    auto* const to = topic_of(topic);
    for (;;) {
      // Told to copy, librdkafka only reads the value. A null pointer would be a tombstone.
      if (rd_kafka_produce(to, RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY,
                           const_cast<char*>(value.data() ? value.data() : ""), value.size(),
                           key.empty() ? nullptr : key.data(), key.size(), nullptr) == 0)
        break;
      const auto failed = rd_kafka_last_error();
      if (failed == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE)
        return error{errc::too_large, "topic " + std::string(topic) + ": a record of " +
                                          std::to_string(key.size() + value.size()) +
                                          " bytes is above kafka.properties message.max.bytes"};
      if (failed != RD_KAFKA_RESP_ERR__QUEUE_FULL)
        return brokers_error(errc::log_unavailable, options_.connection,
                             "topic " + std::string(topic) + ": " + rd_kafka_err2str(failed));
      // It empties: by confirmations, or by message_timeout.
      rd_kafka_poll(handle_.get(), room_wait_ms);
    }
    if (++produced_ % poll_every == 0)
      rd_kafka_poll(handle_.get(), 0);
    return {};
  }

  result<void> flush(std::chrono::milliseconds deadline) {
    rd_kafka_flush(handle_.get(), to_int_ms(deadline));
    const auto lost = produced_ - confirmed_.load();
    if (lost == 0)
      return {};
    return brokers_error(errc::log_unavailable, options_.connection,
                         std::to_string(lost) + " of " + std::to_string(produced_) +
                             " records were not confirmed" +
                             (last_failure_.empty() ? "" : ": " + last_failure_));
  }

  std::uint64_t confirmed() const noexcept { return confirmed_.load(); }
  std::uint64_t failed() const noexcept { return failed_.load(); }

 private:
  static void take_report(rd_kafka_t* /*handle*/, const rd_kafka_message_t* report, void* opaque) {
    auto* self = static_cast<core*>(opaque);
    if (report->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      ++self->confirmed_;
      return;
    }
    ++self->failed_;
    self->last_failure_ = rd_kafka_err2str(report->err);
  }

  rd_kafka_topic_t* topic_of(std::string_view name) {
    auto known = topics_.find(name);
    if (known == topics_.end())
      known =
          topics_
              .emplace(name, rd_kafka_topic_new(handle_.get(), std::string(name).c_str(), nullptr))
              .first;
    return known->second.get();
  }

  const producer_options options_;
  handle_ptr handle_;
  std::map<std::string, topic_ptr, std::less<>> topics_; // before the handle goes
  std::uint64_t produced_ = 0;
  std::atomic<std::uint64_t> confirmed_{0};
  std::atomic<std::uint64_t> failed_{0};
  std::string last_failure_;
};

result<std::unique_ptr<producer>> producer::open(producer_options options) {
  auto made = std::make_unique<core>(std::move(options));
  if (auto done = made->start(); !done)
    return done.failure();
  return std::unique_ptr<producer>(new producer(std::move(made)));
}

producer::producer(std::unique_ptr<core> made) : core_(std::move(made)) {}
producer::~producer() = default;

result<void> producer::produce(std::string_view topic, std::string_view key,
                               std::string_view value) {
  return core_->produce(topic, key, value);
}
result<void> producer::flush(std::chrono::milliseconds deadline) {
  return core_->flush(deadline);
}
std::uint64_t producer::confirmed() const noexcept {
  return core_->confirmed();
}
std::uint64_t producer::failed() const noexcept {
  return core_->failed();
}

} // namespace tradepulse::kafka
