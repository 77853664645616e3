#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "protocol/record.hpp"

namespace tradepulse::costs {

struct line_options {
  std::size_t symbols = 1;
  std::size_t io_threads = 1;
  std::size_t workers = 2;
  std::size_t ring = 1'024;
  std::size_t batch_rows = 1'000;
  std::chrono::milliseconds flush_interval{20};
};

// The engine's actors under its own scheduler, wired as runtime/application/engine.cpp wires them:
// supervisor, partition, symbols, writer on its thread, fan-out, delivery tables. The log is the
// test, the database answers every commit at once, sockets take all.
class real_line {
 public:
  explicit real_line(line_options options);
  ~real_line();
  real_line(const real_line&) = delete;
  real_line& operator=(const real_line&) = delete;

  // The next records of the log, symbols in turn; not counted.
  std::shared_ptr<const record_batch> records(std::size_t count);
  // As the consumer pump hands it over, with its credit.
  void read(std::shared_ptr<const record_batch> batch);
  // Until all that was read is committed, and the partition actor knows. False after 20 s.
  bool settled();
  // The same, and until every symbol has published what it holds back and handled all it was sent:
  // nothing of the past is counted, or given to a later subscriber.
  bool at_rest();
  // As many subscriptions to each of the first `symbols` symbols, on each I/O thread.
  void subscribe(std::size_t symbols, std::size_t each = 1);
  // Until so many events were given to outboxes since the start. False after 20 s.
  bool delivered(std::uint64_t events);

  std::uint64_t commits() const;
  std::uint64_t committed_rows() const;

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

} // namespace tradepulse::costs
