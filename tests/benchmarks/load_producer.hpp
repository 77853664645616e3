#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include <librdkafka/rdkafka.h>
#include <sys/prctl.h>

#include "adapters/kafka/handle.hpp"
#include "tests/benchmarks/load_histogram.hpp"
#include "tests/benchmarks/load_plan.hpp"

namespace benchmark {

inline void set_or_throw(rd_kafka_conf_t* conf, const char* name, const std::string& value) {
  char why[512];
  if (rd_kafka_conf_set(conf, name, value.c_str(), why, sizeof why) != RD_KAFKA_CONF_OK)
    throw std::runtime_error(why);
}

// Produces the plan's records, one after the other, at a rate that does not ask how anybody gets
// on: what is late is made up for. A thread of its own.
class load_producer {
 public:
  struct options {
    std::string brokers;
    std::string topic;
    std::int32_t partitions = 1;
    std::string linger_ms;
  };

  load_producer(load_plan& plan, const options& given)
      : plan_(plan), partitions_(given.partitions) {
    auto* conf = rd_kafka_conf_new();
    set_or_throw(conf, "bootstrap.servers", given.brokers);
    set_or_throw(conf, "linger.ms", given.linger_ms);
    // Neither doubled nor out of order: nothing is sent again. Not by idempotence, with which
    // librdkafka 2.0.2 polls without a pause while five records of a partition have no answer: it
    // takes a core from those whose time is measured.
    set_or_throw(conf, "retries", "0");
    // As idempotence would have it: what comes while a broker is busy goes in fewer requests.
    set_or_throw(conf, "max.in.flight.requests.per.connection", "5");
    set_or_throw(conf, "queue.buffering.max.messages", "1000000");
    set_or_throw(conf, "delivery.report.only.error", "true");
    rd_kafka_conf_set_opaque(conf, this);
    rd_kafka_conf_set_dr_msg_cb(conf, [](rd_kafka_t*, const rd_kafka_message_t* m, void* self) {
      if (m->err != RD_KAFKA_RESP_ERR_NO_ERROR)
        ++static_cast<load_producer*>(self)->lost_;
    });
    char why[512];
    handle_.reset(rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why));
    if (!handle_)
      throw std::runtime_error(why);
    topic_.reset(rd_kafka_topic_new(handle_.get(), given.topic.c_str(), nullptr));
    thread_ = std::thread([this] { run(); });
  }

  ~load_producer() {
    end_ = true;
    thread_.join();
  }
  load_producer(const load_producer&) = delete;
  load_producer& operator=(const load_producer&) = delete;

  // Events a second; 0: none.
  void set_rate(double events_per_second) { wanted_rate_ = events_per_second; }

  // After it no record is under way, and none was lost.
  void stop() {
    set_rate(0);
    while (rate_.load() > 0)
      pause_until(now_ns() + 1'000'000);
    if (rd_kafka_flush(handle_.get(), 60'000) != RD_KAFKA_RESP_ERR_NO_ERROR || lost_ > 0)
      throw std::runtime_error("Kafka did not take every record");
  }

  // By how much records came later than planned, since it was asked before.
  load_histogram take_lateness() {
    const std::lock_guard guard(mutex_);
    return std::exchange(lateness_, {});
  }

 private:
  static void pause_until(std::int64_t when_ns) {
    const timespec until{when_ns / 1'000'000'000, when_ns % 1'000'000'000};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr);
  }

  void run() {
    prctl(PR_SET_TIMERSLACK, 1UL); // wakes when it asked to
    std::int64_t due = 0;
    while (!end_) {
      const double wanted = wanted_rate_;
      if (wanted != rate_)
        due = now_ns();
      rate_ = wanted;
      if (wanted <= 0) {
        rd_kafka_poll(handle_.get(), 1);
        continue;
      }
      const auto step = static_cast<std::int64_t>(1e9 / wanted);
      pause_until(due);
      // At most a millisecond's worth before the wish is looked at again.
      const auto now = now_ns();
      {
        const std::lock_guard guard(mutex_);
        for (int i = 0; due <= now && i < 1000; due += step, ++i) {
          lateness_.add(now - due);
          produce();
        }
      }
      rd_kafka_poll(handle_.get(), 0);
    }
  }

  void produce() {
    const auto e = plan_.event(next_);
    value_.clear();
    append_record(value_, plan_.base_ms(), e);
    key_.clear();
    append_name(key_, e.symbol);
    plan_.stamp(next_);
    const auto partition = static_cast<std::int32_t>(e.symbol) % partitions_;
    while (rd_kafka_produce(topic_.get(), partition, RD_KAFKA_MSG_F_COPY, value_.data(),
                            value_.size(), key_.data(), key_.size(), nullptr) != 0) {
      if (rd_kafka_last_error() != RD_KAFKA_RESP_ERR__QUEUE_FULL) {
        ++lost_;
        break;
      }
      rd_kafka_poll(handle_.get(), 1); // counted as lateness of those behind it
    }
    plan_.produced(++next_);
  }

  load_plan& plan_;
  const std::int32_t partitions_;
  tradepulse::kafka::handle_ptr handle_;
  tradepulse::kafka::topic_ptr topic_;
  std::atomic<double> wanted_rate_{0};
  std::atomic<double> rate_{0};
  std::atomic<std::uint64_t> lost_{0};
  std::atomic<bool> end_{false};
  std::mutex mutex_;
  load_histogram lateness_; // guarded by mutex_
  std::uint64_t next_ = 0;
  std::string value_;
  std::string key_;
  std::thread thread_; // last: it uses the others
};

} // namespace benchmark
