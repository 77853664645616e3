#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/ports/record_producer.hpp"
#include "protocol/result.hpp"
#include "runtime/feeds/feed_host.hpp"

namespace tradepulse {

// The lines of a recording and how far it has been read.
class recording {
 public:
  virtual ~recording() = default;
  // The next line, nullopt at the end; the view holds until the next call.
  virtual result<std::optional<std::string_view>> next() = 0;
  virtual std::uint64_t bytes_read() const = 0;
  virtual std::uint64_t total_bytes() const = 0;
};

struct replay_plan {
  std::string topic;
  std::optional<double> speed; // nullopt: as fast as it goes
  std::string symbol_suffix;
};

struct replay_counts {
  std::uint64_t lines = 0;
  std::uint64_t produced = 0;
  std::uint64_t without_stream = 0; // skipped
  std::uint64_t without_symbol = 0; // skipped
  std::uint64_t unusable = 0;       // skipped: no time, no JSON, no valid symbol
  std::string first_unusable;       // "line 7: ..."
  bool stopped = false;             // the host asked for the end
  std::optional<error> failure;     // of reading or producing; what was counted before stands
};

// Produces each frame at its time. Ends at the recording's end, when the host says so, or at the
// first error of the recording or the log. Does not flush. Blocks.
replay_counts replay(recording& source, record_producer& log, const replay_plan& plan,
                     feed_host& host);

} // namespace tradepulse
