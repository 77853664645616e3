#pragma once

#include <librdkafka/rdkafka.h>

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>

#include "adapters/kafka/fetch_doubts.hpp"
#include "protocol/identifiers.hpp"
#include "protocol/record.hpp"

namespace tradepulse::kafka {

// Whether the log that a partition is read from still is the one that it was. Where there is reason
// to doubt it, the record returned last has to be read once more and has to be the same one.
// Thread: one.
class continuity {
 public:
  // `before`: a record below `from` that is in the log. Requires: `doubts` outlives it.
  continuity(const fetch_doubts& doubts, topic_partition source, next_offset from,
             const std::optional<applied_record>& before);

  // Before each start of the library's reading: the offset to start at.
  std::int64_t begin_again();
  // Whether messages in hand may be of another log. Asked when they are in hand: what happened
  // before they were fetched is counted by then.
  bool doubtful(std::span<rd_kafka_message_t* const> messages);
  // Whether a record is known that a doubt can be settled by (or none is needed).
  bool can_settle() const noexcept { return last_ || begins(); }

  // The next message is that record, and not for anybody else.
  bool recognition_due() const noexcept { return recognition_due_; }
  // Nothing where it is the same; else what is wrong.
  std::optional<std::string> recognise(const rd_kafka_message_t& first);
  // The newest message that was returned.
  void remember(const rd_kafka_message_t& newest);

 private:
  struct seen_record {
    std::int64_t offset = 0;
    std::uint64_t digest = 0;
    std::int32_t broker = -1; // that it came from; -1: it was not read here yet
  };

  bool begins() const noexcept { return !last_ && from_ == 0; }

  const fetch_doubts& doubts_;
  const topic_partition source_;
  const std::int64_t from_;
  std::optional<seen_record> last_;
  bool recognition_due_ = false;
  std::uint64_t refusals_ = 0;                        // as of the last start
  std::map<std::int32_t, std::uint64_t> connections_; // of each broker, as of the last start
};

} // namespace tradepulse::kafka
