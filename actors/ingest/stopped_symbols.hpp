#pragma once

#include <chrono>
#include <map>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "actors/supervision/backoff.hpp"
#include "protocol/identifiers.hpp"
#include "protocol/stored_stream.hpp"

namespace tradepulse {

// Streams whose actors fail. After N failures in T a stream is stopped: its records go to the
// dead-letter topic, the partition goes on, and the first range without it stores that it is
// stopped and ends its epoch.
class stopped_symbols {
 public:
  stopped_symbols(std::size_t allowed, std::chrono::milliseconds window)
      : allowed_(allowed), window_(window) {}

  // True: that was one too many, the stream is stopped.
  bool failed(const stream_key& each, std::chrono::steady_clock::time_point now);
  // The same without counting. False: it is stopped already.
  bool stop(const stream_key& each);
  // Stopped, as of now; records of these are not numbered.
  const std::unordered_set<stream_key>& stopped() const noexcept { return stopped_; }

  // A claim begins: what was to be stored may not have been.
  void claimed();
  // A stream of the claim, as it is stored.
  void restored(const stored_stream& stream);
  // The rows that the next range has to carry; each once a claim.
  std::vector<stored_stream> take_rows(const topic_partition& home, epoch floor);

 private:
  std::size_t allowed_;
  std::chrono::milliseconds window_;
  std::unordered_map<stream_key, failure_window> failures_;
  std::unordered_set<stream_key> stopped_;
  std::map<stream_key, stored_stream> not_stored_; // stopped here, not in the database
};

} // namespace tradepulse
