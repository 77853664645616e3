#pragma once

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "protocol/ports/range_store.hpp"

namespace tradepulse::samples {

// A database in memory that keeps the contract of range_store: claims, the compare-and-swap of
// generation and next_offset, rows by the greater position. Faults are scripted. Thread: any.
class memory_store : public range_store {
 public:
  struct partition {
    generation gen{0};
    std::optional<std::string> owner;
    std::optional<next_offset> next;
    epoch floor{1};
    std::string cluster_id;
    std::optional<applied_record> last_applied;
    std::optional<time_ms> journal_time = std::nullopt;
    std::optional<time_ms> watermark = std::nullopt;
  };

  result<claimed_partition> claim(const topic_partition& source, std::string_view owner) override;
  result<claimed_partition> reposition(const repositioning& move) override;
  commit_outcome commit(const range_commit& work) override;
  result<void> release(const topic_partition& source, generation gen) override;
  result<std::optional<partition_row>> look_at(const topic_partition& source) override;
  result<void> for_each_stream(std::size_t,
                               const std::function<void(std::vector<stored_stream>)>&) override;
  result<std::vector<stored_stream>> load(std::span<const stream_key> streams) override;
  result<std::vector<stored_candle>> load_candles(const stream_key& source,
                                                  std::span<const candle_key> which) override;
  result<void> clear_stopped() override;

  // --- the test's side ---

  // What the next commits come to, instead of being carried out.
  void script(commit_outcome next);
  void fail_claims(int times, errc code);
  partition row(const topic_partition& source);
  void set(const topic_partition& source, partition row);
  std::optional<stored_stream> stream(std::string_view name, stream_kind kind = {});
  void set(stored_stream stream);
  // A server that lacks its last transactions took over.
  void lose(std::string_view name, stream_kind kind = {});
  // Every commit that was asked for, also those that failed.
  std::vector<range_commit> commits();
  // Waits until this many commits were asked for; false after ten seconds.
  bool wait_for_commits(std::size_t count);
  // Numbered candles as they were journalled, in the order of their commits.
  struct journalled_candle {
    stream_position position;
    logged_candle event;
  };
  std::vector<journalled_candle> candle_events(const stream_key& name);
  // Closed ones, by their start.
  std::vector<closed_candle> candles(const stream_key& source, candle_interval interval);
  bool wait_until(const std::function<bool(memory_store&)>& holds);

 private:
  claimed_partition granted(const topic_partition& source, const partition& row);

  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<topic_partition, partition> partitions_;
  std::map<stream_key, stored_stream> streams_;
  std::map<stream_key, std::map<std::pair<candle_interval, time_ms>, closed_candle>> candles_;
  std::map<stream_key, std::vector<journalled_candle>> candle_events_;
  std::deque<commit_outcome> script_;
  std::vector<range_commit> commits_;
  int failing_claims_ = 0;
  errc claim_error_ = errc::database_unavailable;
};

} // namespace tradepulse::samples
