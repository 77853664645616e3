#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "adapters/spdlog/log_line.hpp"
#include "protocol/log.hpp"
#include "protocol/result.hpp"

namespace tradepulse::log {

struct sink_options {
  line_format format = line_format::key_value;
  std::string file;                // appended to; empty: standard error
  std::uint64_t repeat_limit = 20; // lines of one event (name and level) in a window; 0: no limit
  std::chrono::seconds repeat_window{10};
  std::size_t queue_lines = 8192; // that wait for the writer thread
};

// Lines by spdlog's asynchronous logger: the caller formats its line and leaves it in a bounded
// queue, one thread writes. A stuck pipe, a hanging or full disk or a closed descriptor costs
// lines, oldest first, and never a caller's time; a line `event=log_lines_lost` says how many as
// soon as one can be written again.
// An event that repeats more often than the limit is counted and told once for each window:
//   event=repeats_left_out of=gap of_level=warning count=312 window_seconds=10
// Thread: any. Guarantees: write() does not throw.
class spdlog_sink final : public sink {
 public:
  // Errors: io, where the file cannot be opened.
  static result<std::unique_ptr<spdlog_sink>> open(const sink_options& options);
  // Writes what waits, bounded where nothing can be written. Call set_sink(nullptr, ...) before.
  ~spdlog_sink() override;

  void write(level severity, std::string_view event, std::initializer_list<field> fields) override;

  // For /metrics.
  std::uint64_t left_out() const noexcept; // repeats
  std::uint64_t lost() const noexcept;     // could not be written, or fell out of the queue

 private:
  struct state;
  explicit spdlog_sink(std::unique_ptr<state> s);

  std::unique_ptr<state> state_;
};

} // namespace tradepulse::log
