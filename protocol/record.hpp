#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "protocol/identifiers.hpp"
#include "protocol/timestamps.hpp"

namespace tradepulse {

using record_headers = std::vector<std::pair<std::string, std::string>>;

// One Kafka record. The views point into the batch that holds it.
struct record {
  record_offset offset;
  time_ms append_time{};
  std::string_view key;                  // empty where absent
  std::optional<std::string_view> value; // nullopt: a tombstone
  bool has_key = false;
  std::uint32_t headers = 0; // 1 + index into record_batch::headers; 0 = none
};

// Records of one partition, copied out of the client library, offsets strictly rising.
// Immutable once it has left the consumer thread; shared by pointer until its range is committed,
// because a record may still have to be dead-lettered then.
struct record_batch {
  topic_partition source;
  generation gen;    // of the claim under which it was read
  std::string bytes; // keys and values; reserved before the views are made
  std::vector<record> records;
  std::vector<record_headers> headers;

  // What this batch holds of the ingest credit.
  std::size_t credit_events() const noexcept { return records.size(); }
  std::size_t credit_bytes() const noexcept {
    return bytes.size() + records.size() * sizeof(record);
  }
};

// FNV-1a, 64 bit, over (offset, timestamp, key, value): the identity of a record in its log.
std::uint64_t record_digest(const record& r) noexcept;

// A record that was applied, and how to know it again: so that a replaced log is found out.
struct applied_record {
  record_offset offset;
  std::uint64_t digest = 0;
};

} // namespace tradepulse
