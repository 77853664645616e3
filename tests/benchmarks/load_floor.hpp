#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "tests/benchmarks/load_producer.hpp"

namespace benchmark {

// What reading alone takes: a librdkafka consumer that compares each record with the plan and
// throws it away. A thread of its own.
class load_floor {
 public:
  struct report {
    load_histogram latency;
    std::uint64_t records = 0; // since the start
    std::uint64_t wrong = 0;   // since the start
  };

  load_floor(const load_plan& plan, const std::string& brokers, const std::string& topic,
             std::int32_t partitions)
      : plan_(plan), seqs_(plan.symbols()), partitions_(partitions) {
    auto* conf = rd_kafka_conf_new();
    set_or_throw(conf, "bootstrap.servers", brokers);
    set_or_throw(conf, "fetch.wait.max.ms", "10"); // as the engine's
    set_or_throw(conf, "enable.auto.commit", "false");
    char why[512];
    handle_.reset(rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof why));
    if (!handle_)
      throw std::runtime_error(why);
    topic_.reset(rd_kafka_topic_new(handle_.get(), topic.c_str(), nullptr));
    queue_.reset(rd_kafka_queue_new(handle_.get()));
    for (std::int32_t each = 0; each < partitions; ++each)
      if (rd_kafka_consume_start_queue(topic_.get(), each, RD_KAFKA_OFFSET_BEGINNING,
                                       queue_.get()) != 0)
        throw std::runtime_error(rd_kafka_err2str(rd_kafka_last_error()));
    thread_ = std::thread([this] { run(); });
  }

  ~load_floor() {
    end_ = true;
    thread_.join();
    for (std::int32_t each = 0; each < partitions_; ++each)
      rd_kafka_consume_stop(topic_.get(), each);
    queue_.reset();
  }
  load_floor(const load_floor&) = delete;
  load_floor& operator=(const load_floor&) = delete;

  // Times since it was asked before.
  report take() {
    const std::lock_guard guard(mutex_);
    report out{std::move(latency_), records_, wrong_};
    latency_ = {};
    return out;
  }

 private:
  void run() {
    std::array<rd_kafka_message_t*, 256> taken{};
    while (!end_) {
      // The first as soon as it is there, then those that came with it.
      taken[0] = rd_kafka_consume_queue(queue_.get(), 100);
      if (!taken[0])
        continue;
      const auto more =
          rd_kafka_consume_batch_queue(queue_.get(), 0, taken.data() + 1, taken.size() - 1);
      const auto now = now_ns();
      const std::size_t count = 1 + (more > 0 ? static_cast<std::size_t>(more) : 0);
      const std::lock_guard guard(mutex_);
      for (std::size_t i = 0; i < count; ++i) {
        take(*taken[i], now);
        rd_kafka_message_destroy(taken[i]);
      }
    }
  }

  void take(const rd_kafka_message_t& message, std::int64_t now) {
    const std::string_view value(static_cast<const char*>(message.payload), message.len);
    const auto number = number_after(value, R"("symbol":"L)");
    const auto symbol = static_cast<std::size_t>(number);
    ++records_;
    if (message.err != RD_KAFKA_RESP_ERR_NO_ERROR || number < 0 || symbol >= seqs_.size()) {
      ++wrong_;
      return;
    }
    const load_event due{symbol, ++seqs_[symbol]};
    due_.clear();
    append_record(due_, plan_.base_ms(), due);
    if (value == due_)
      latency_.add(plan_.age(due, now));
    else
      ++wrong_;
  }

  const load_plan& plan_;
  std::vector<std::int64_t> seqs_;
  const std::int32_t partitions_;
  tradepulse::kafka::handle_ptr handle_;
  tradepulse::kafka::topic_ptr topic_;
  tradepulse::kafka::queue_ptr queue_;
  std::atomic<bool> end_{false};
  std::mutex mutex_;
  load_histogram latency_;    // guarded by mutex_
  std::uint64_t records_ = 0; // guarded by mutex_
  std::uint64_t wrong_ = 0;   // guarded by mutex_
  std::string due_;
  std::thread thread_; // last: it uses the others
};

} // namespace benchmark
