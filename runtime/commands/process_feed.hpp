#pragma once

#include <memory>

#include "protocol/ports/record_producer.hpp"
#include "protocol/result.hpp"
#include "runtime/commands/log_target.hpp"
#include "runtime/commands/progress.hpp"
#include "runtime/commands/stop_signals.hpp"
#include "runtime/feeds/feed_host.hpp"

namespace tradepulse {

// A feed in this process: real time, signals, progress on standard error. Thread: one.
class process_feed final : public feed_host {
 public:
  enum class on_loss { stop, go_on };

  // `on_loss::stop`: a record that Kafka did not confirm ends the feed. `go_on`: it ends only where
  // Kafka has never confirmed any.
  process_feed(stop_signals& signals, const record_producer& log, on_loss loss);

  pace_clock::time_point now() override { return pace_clock::now(); }
  time_ms wall_clock() override;
  bool wait_until(pace_clock::time_point due) override;
  void on_progress(std::uint64_t produced, std::uint64_t position_bytes,
                   std::uint64_t total_bytes) override;

  std::chrono::duration<double> elapsed() const { return pace_clock::now() - begin_; }

 private:
  stop_signals& signals_;
  const record_producer& log_;
  const on_loss loss_;
  const pace_clock::time_point begin_ = pace_clock::now();
  progress_display display_;
};

// Errors: configuration (a property), with the option's name.
result<std::unique_ptr<record_producer>> open_producer(const log_target& target);

// Waits until everything is confirmed: long at a normal end, briefly after a signal. Where nothing
// was, it looks whether the topic exists at all: a producer is only told "timed out" then.
result<void> flush_feed(record_producer& log, const log_target& target, stop_signals& signals);

} // namespace tradepulse
