#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "protocol/identifiers.hpp"
#include "protocol/result.hpp"

namespace tradepulse {

// A partition of the log as it is now.
struct log_state {
  std::string cluster_id;
  next_offset begin;  // the first offset that can still be read
  high_watermark end; // one past the last
  // The digest of the record that was asked for; absent where it is gone (expired, compacted, an
  // offset beyond the end).
  std::optional<std::uint64_t> digest;
  // The first record at the offset that was asked for or behind it, up to `end`. Absent: there is
  // none, what lies there (markers of transactions, what compaction removed) is no record; or the
  // offset lies below `begin`.
  std::optional<record_offset> first_from = {};
};

// Looks into the log by a handle of its own, apart from reading.
// Thread: any; the answer comes on the inspector's thread. Never blocks the caller.
class log_inspector {
 public:
  virtual ~log_inspector() = default;
  using answer = std::function<void(result<log_state>)>;
  // Errors: log_unavailable (no answer within its deadline), not_found (no such partition).
  virtual void inspect(const topic_partition& source, std::optional<record_offset> record,
                       answer then) = 0;
};

} // namespace tradepulse
