#include "tests/actors/support/memory_store.hpp"

#include <algorithm>
#include <chrono>

namespace tradepulse::samples {

claimed_partition memory_store::granted(const topic_partition& source, const partition& row) {
  claimed_partition out{source,           row.gen,        row.next,
                        row.floor,        row.cluster_id, row.last_applied,
                        row.journal_time, row.watermark,  {}};
  for (const auto& [name, stream] : streams_)
    if (stream.home == source && name.kind.events() != event_kind::candle)
      out.streams.push_back(stream);
  return out;
}

result<claimed_partition> memory_store::claim(const topic_partition& source,
                                              std::string_view owner) {
  std::lock_guard lock(mutex_);
  changed_.notify_all();
  if (failing_claims_ > 0) {
    --failing_claims_;
    return error{claim_error_, "as the test wants it"};
  }
  auto& row = partitions_[source];
  row.gen = generation{row.gen.value() + 1};
  row.owner = std::string(owner);
  return granted(source, row);
}

result<claimed_partition> memory_store::reposition(const repositioning& move) {
  std::lock_guard lock(mutex_);
  changed_.notify_all();
  auto& row = partitions_[move.source];
  if (row.gen != move.gen)
    return error{errc::database_refused, "fenced"};
  row.next = move.next;
  row.cluster_id = move.cluster_id;
  row.last_applied.reset();
  if (move.new_epoch) {
    for (const auto& [name, stream] : streams_)
      if (stream.home == move.source)
        row.floor = std::max(row.floor, stream.position.epoch);
    row.floor = epoch{row.floor.value() + 1};
    row.watermark.reset();
  }
  return granted(move.source, row);
}

commit_outcome memory_store::commit(const range_commit& work) {
  std::lock_guard lock(mutex_);
  commits_.push_back(work);
  changed_.notify_all();
  if (!script_.empty()) {
    auto next = std::move(script_.front());
    script_.pop_front();
    return next;
  }
  auto& row = partitions_[work.source];
  if (row.gen != work.gen || row.next.value_or(next_offset{0}) != work.from)
    return fenced{};
  row.next = work.to;
  row.cluster_id = work.cluster_id;
  if (!work.events.empty())
    row.journal_time = work.commit_time;
  if (work.last_applied)
    row.last_applied = work.last_applied;
  if (work.watermark)
    row.watermark = work.watermark;
  for (const auto& each : work.rows) {
    auto [found, made] = streams_.try_emplace(each.stream.key(), each.stream);
    if (made && each.position_only)
      found->second.snapshot.reset();
    if (made || each.stream.position < found->second.position)
      continue;
    auto shown = found->second.snapshot;
    auto candles = found->second.candles;
    found->second = each.stream;
    found->second.candles = std::move(candles);
    if (each.position_only)
      found->second.snapshot = shown;
  }
  for (const auto& run : work.events)
    if (const auto* events = std::get_if<std::span<const logged_candle>>(&run.events))
      for (std::size_t i = 0; i < events->size(); ++i)
        candle_events_[run.key()].push_back(
            {{run.epoch, sequence{run.first.value() + static_cast<std::int64_t>(i)}},
             (*events)[i]});
  for (const auto& each : work.candles) {
    streams_[each.source].candles = each.state;
    for (const auto& closed : each.closed) {
      const std::pair at{closed.row.candle.interval, closed.row.candle.start};
      auto [found, made] = candles_[each.source].try_emplace(at, closed);
      if (!made && found->second.position < closed.position)
        found->second = closed;
    }
  }
  return committed{work.rows.size()};
}

result<void> memory_store::release(const topic_partition& source, generation gen) {
  std::lock_guard lock(mutex_);
  changed_.notify_all();
  auto& row = partitions_[source];
  if (row.gen == gen)
    row.owner.reset();
  return {};
}

result<std::optional<partition_row>> memory_store::look_at(const topic_partition& source) {
  std::lock_guard lock(mutex_);
  const auto& row = partitions_[source];
  partition_row out;
  out.source = source;
  out.gen = row.gen;
  out.owner = row.owner;
  out.next = row.next;
  out.epoch_floor = row.floor;
  return std::optional{out};
}

result<void>
memory_store::for_each_stream(std::size_t,
                              const std::function<void(std::vector<stored_stream>)>& take) {
  std::vector<stored_stream> all;
  {
    std::lock_guard lock(mutex_);
    for (const auto& [name, stream] : streams_)
      all.push_back(stream);
  }
  take(std::move(all));
  return {};
}

result<std::vector<stored_stream>> memory_store::load(std::span<const stream_key> streams) {
  std::lock_guard lock(mutex_);
  std::vector<stored_stream> out;
  for (const auto& name : streams)
    if (auto found = streams_.find(name); found != streams_.end())
      out.push_back(found->second);
  return out;
}

result<std::vector<stored_candle>> memory_store::load_candles(const stream_key& source,
                                                              std::span<const candle_key> which) {
  std::lock_guard lock(mutex_);
  std::vector<stored_candle> out;
  for (const auto& key : which)
    if (auto found = candles_[source].find({key.interval, key.start});
        found != candles_[source].end())
      out.push_back(found->second.row);
  return out;
}

std::vector<memory_store::journalled_candle> memory_store::candle_events(const stream_key& name) {
  std::lock_guard lock(mutex_);
  return candle_events_[name];
}

std::vector<closed_candle> memory_store::candles(const stream_key& source,
                                                 candle_interval interval) {
  std::lock_guard lock(mutex_);
  std::vector<closed_candle> out;
  for (const auto& [at, each] : candles_[source])
    if (at.first == interval)
      out.push_back(each);
  return out;
}

result<void> memory_store::clear_stopped() {
  return {};
}

void memory_store::script(commit_outcome next) {
  std::lock_guard lock(mutex_);
  script_.push_back(std::move(next));
}

void memory_store::fail_claims(int times, errc code) {
  std::lock_guard lock(mutex_);
  failing_claims_ = times;
  claim_error_ = code;
}

memory_store::partition memory_store::row(const topic_partition& source) {
  std::lock_guard lock(mutex_);
  return partitions_[source];
}

void memory_store::set(const topic_partition& source, partition row) {
  std::lock_guard lock(mutex_);
  partitions_[source] = std::move(row);
}

std::optional<stored_stream> memory_store::stream(std::string_view name, stream_kind kind) {
  std::lock_guard lock(mutex_);
  auto found = streams_.find({symbol::parse(name).value(), kind});
  return found == streams_.end() ? std::nullopt : std::optional(found->second);
}

void memory_store::set(stored_stream stream) {
  std::lock_guard lock(mutex_);
  streams_[stream.key()] = std::move(stream);
}

void memory_store::lose(std::string_view name, stream_kind kind) {
  std::lock_guard lock(mutex_);
  streams_.erase({symbol::parse(name).value(), kind});
}

std::vector<range_commit> memory_store::commits() {
  std::lock_guard lock(mutex_);
  return commits_;
}

bool memory_store::wait_for_commits(std::size_t count) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::seconds{10},
                           [&] { return commits_.size() >= count; });
}

bool memory_store::wait_until(const std::function<bool(memory_store&)>& holds) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{10};
  while (!holds(*this)) {
    if (std::chrono::steady_clock::now() > deadline)
      return false;
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::milliseconds{10});
  }
  return true;
}

} // namespace tradepulse::samples
