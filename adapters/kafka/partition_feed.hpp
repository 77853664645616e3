#pragma once

#include <librdkafka/rdkafka.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "adapters/kafka/continuity.hpp"
#include "adapters/kafka/handle.hpp"
#include "adapters/kafka/wakeup.hpp"
#include "protocol/ports/partition_reader.hpp"

namespace tradepulse::kafka {

struct feed_limits {
  std::size_t records = 0;
  std::size_t bytes = 0; // may be exceeded where records suddenly are much larger than before
};

// What all feeds of one reader have in common. All of it outlives them.
struct feed_host {
  rd_kafka_t* reader = nullptr;
  const fetch_doubts* doubts = nullptr;
  wakeup* bell = nullptr;
  std::size_t queue_bytes = 0; // queued.max.messages.kbytes
};

struct feed_fault {
  read_fault kind = read_fault::transient;
  std::optional<errc> fatal; // no retry cures it
  std::string detail;
};

struct feed_reading {
  std::shared_ptr<const record_batch> batch; // null where there was nothing
  std::optional<feed_fault> fault;           // came after the batch
};

// One partition that is being read: started at its offset, with a queue of its own, stopped when
// destroyed, touching no other partition.
// Guarantees: offsets of what it returns rise strictly and nothing is left out: an error behind
// which the library would go on with later records (a bad checksum, a batch that does not unpack)
// makes it start again at the first record that was not returned. Each such start reads the record
// returned last once more, and goes on only where it is the same one; so does whatever gives reason
// to doubt the log (continuity): what was read meanwhile is thrown away.
// What cannot be read several times running is offset_out_of_range: the next claim may begin
// elsewhere, where an operator has moved the partition behind a damaged batch.
// Thread: one, except for what the library's callback does.
class partition_feed {
 public:
  partition_feed(const feed_host& host, rd_kafka_topic_t* topic, topic_partition source,
                 generation gen, next_offset from, std::optional<applied_record> before);
  ~partition_feed();
  partition_feed(const partition_feed&) = delete;
  partition_feed& operator=(const partition_feed&) = delete;

  // Something waits in the queue (or a second start is due).
  bool ready(std::chrono::steady_clock::time_point now) const noexcept;
  // Requires: limits.records > 0. Blocks: never.
  feed_reading read(const feed_limits& limits, std::chrono::steady_clock::time_point now);
  // Where a second start is due.
  std::optional<std::chrono::steady_clock::time_point> retry_at() const noexcept {
    return retry_at_;
  }

  // Whether a reading since the last call may have made room in a full queue.
  bool take_room_made() noexcept { return std::exchange(room_made_, false); }

  // Nothing more comes from it.
  bool dead() const noexcept { return dead_; }
  void give_up() noexcept { dead_ = true; }

  const topic_partition& source() const noexcept { return source_; }
  generation gen() const noexcept { return gen_; }
  // The end of the partition as the last fetch answer told it; nothing before the first.
  std::optional<high_watermark> known_end() const;

 private:
  bool start();
  void stop();
  std::optional<feed_fault> start_again(std::chrono::steady_clock::time_point now);
  feed_reading judge_messages(std::chrono::steady_clock::time_point now);
  std::optional<feed_fault> settle_doubt(std::chrono::steady_clock::time_point now);
  feed_fault replaced(const std::string& why);
  std::optional<feed_fault> judge(const rd_kafka_message_t& failed,
                                  std::chrono::steady_clock::time_point now);
  void take_messages(std::size_t limit_records, std::size_t limit_bytes);
  void drop_messages();
  static void on_queue_filled(rd_kafka_t* handle, void* self);

  const feed_host host_;
  rd_kafka_topic_t* topic_;
  topic_partition source_;
  generation gen_;
  std::int64_t expected_; // the first offset that was not returned yet
  int failures_ = 0;      // to read it, one after the other
  continuity continuity_;
  queue_ptr queue_;
  std::atomic<bool> filled_{false};
  bool dead_ = false; // nothing more comes until it is started anew from outside
  std::optional<std::chrono::steady_clock::time_point> retry_at_;
  bool room_made_ = false;
  std::size_t average_bytes_ = 8192; // of a message, as seen in the last reading
  std::vector<rd_kafka_message_t*> taken_;
};

} // namespace tradepulse::kafka
