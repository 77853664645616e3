#pragma once

#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "protocol/ports/dead_letter_sink.hpp"
#include "protocol/ports/log_inspector.hpp"
#include "protocol/ports/partition_reader.hpp"

namespace tradepulse::samples {

class fake_reader : public partition_reader {
 public:
  void start(const topic_partition& source, generation gen, next_offset from,
             std::optional<applied_record> before) override {
    calls.push_back("start " + source.to_string() + " from " + std::to_string(from.value()));
    reading[source] = {gen, from, before};
    running[source] = true;
  }
  void stop(const topic_partition& source) override {
    calls.push_back("stop " + source.to_string());
    running[source] = false;
  }
  void commit(const topic_partition& source, next_offset applied) override {
    calls.push_back("commit " + source.to_string() + " at " + std::to_string(applied.value()));
  }
  void wake() override { calls.push_back("wake"); }

  struct place {
    generation gen;
    next_offset from;
    std::optional<applied_record> before; // that is to be recognised first
  };
  std::vector<std::string> calls;
  std::map<topic_partition, place> reading; // by the last start
  std::map<topic_partition, bool> running;
};

// A log that can be replaced, cut and made unreachable. Answers at once.
class fake_log : public log_inspector {
 public:
  void inspect(const topic_partition& source, std::optional<record_offset> wanted,
               answer then) override {
    ++asked;
    if (!reachable) {
      then(error{errc::log_unavailable, "no answer"});
      return;
    }
    auto& there = logs[source];
    log_state out{cluster, there.begin, there.end, std::nullopt, std::nullopt};
    if (wanted) {
      const auto found = there.digests.lower_bound(wanted->value());
      if (found != there.digests.end() && wanted->value() >= there.begin.value())
        out.first_from = record_offset{found->first};
      if (found != there.digests.end() && found->first == wanted->value())
        out.digest = found->second;
    }
    then(out);
  }

  struct contents {
    next_offset begin{0};
    high_watermark end{0};
    std::map<std::int64_t, std::uint64_t> digests;
  };
  std::map<topic_partition, contents> logs;
  std::string cluster = "cluster";
  bool reachable = true;
  int asked = 0;
};

// Thread: any.
class fake_letters : public dead_letter_sink {
 public:
  enum class mode { confirm, refuse, hold };

  void produce(dead_letter letter, std::function<void(result<void>)> then) override {
    mode now;
    {
      std::lock_guard lock(mutex_);
      letters_.push_back(std::move(letter));
      now = mode_;
      if (now == mode::hold)
        held_.push_back(then);
    }
    if (now == mode::confirm)
      then({});
    else if (now == mode::refuse)
      then(error{errc::log_unavailable, "30 s without an answer"});
  }
  void answer(mode from_now_on) {
    std::lock_guard lock(mutex_);
    mode_ = from_now_on;
  }
  void confirm_held() {
    std::vector<std::function<void(result<void>)>> held;
    {
      std::lock_guard lock(mutex_);
      held.swap(held_);
    }
    for (auto& then : held)
      then({});
  }
  std::vector<dead_letter> letters() {
    std::lock_guard lock(mutex_);
    return letters_;
  }

 private:
  std::mutex mutex_;
  mode mode_ = mode::confirm;
  std::vector<dead_letter> letters_;
  std::vector<std::function<void(result<void>)>> held_;
};

} // namespace tradepulse::samples
