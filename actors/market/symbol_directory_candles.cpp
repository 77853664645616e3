#include <algorithm>
#include <memory>
#include <utility>

#include "actors/market/symbol_directory.hpp"
#include "actors/message_types.hpp"

// The streams of a symbol's candles: who makes them, where their open ones are shown, and how they
// are restored with their source.
namespace tradepulse {

candle_outlets symbol_directory::outlets_of(symbol_entry& source, candle_intervals intervals) {
  // Two sources of one symbol must not get half of its streams each.
  std::lock_guard one_at_a_time(outlets_mutex_);
  candle_outlets out;
  {
    std::lock_guard lock(shard_of(source.key).mutex);
    out.board = source.board;
  }
  if (!out.board) {
    if (!are_free(source.key.symbol, intervals))
      return {};
    out.board = std::make_shared<candle_board>(source.key.symbol, source.key.kind);
    std::lock_guard lock(shard_of(source.key).mutex);
    source.board = out.board;
  }
  for (const auto interval : all_candle_intervals) {
    if (!intervals.contains(interval))
      continue;
    const stream_key name{source.key.symbol, stream_kind::candle(interval)};
    auto& in = shard_of(name);
    std::lock_guard lock(in.mutex);
    auto& entry = entry_of(in, name);
    entry.board = out.board;
    if (std::exchange(entry.only_awaited, false)) // it stays
      unknown_.fetch_sub(1);
    out.entries[static_cast<std::size_t>(interval)] = &entry;
  }
  return out;
}

// Whether no other stream has made candles of the symbol.
bool symbol_directory::are_free(const symbol& name, candle_intervals intervals) const {
  return std::ranges::none_of(all_candle_intervals, [&](candle_interval interval) {
    const stream_key key{name, stream_kind::candle(interval)};
    const auto& in = shard_of(key);
    std::lock_guard lock(in.mutex);
    const auto found = in.entries.find(key);
    return intervals.contains(interval) && found != in.entries.end() && found->second->board;
  });
}

std::shared_ptr<const stored_candles>
symbol_directory::numbered_candles(const candle_outlets& of) const {
  auto out = std::make_shared<stored_candles>();
  for (const auto* entry : of.entries)
    if (entry)
      if (const auto head = read(*entry).snapshot)
        out->streams.push_back({entry->key.kind.candle_length(), {}, head->position, {}, {}, {}});
  return out;
}

std::vector<candle_view> symbol_directory::views_of(const symbol& name) const {
  for (const auto kind : {stream_kind::trade, stream_kind::price}) {
    const auto& in = shard_of({name, kind});
    std::lock_guard lock(in.mutex);
    const auto found = in.entries.find({name, kind});
    if (found != in.entries.end() && found->second->board)
      return found->second->board->all();
  }
  return {};
}

std::vector<waiting_candles> symbol_directory::waiting_candles_of(const stream_key& name) const {
  std::shared_ptr<candle_board> board;
  {
    const auto& in = shard_of(name);
    std::lock_guard lock(in.mutex);
    if (const auto found = in.entries.find(name); found != in.entries.end())
      board = found->second->board;
  }
  return board ? board->waiting(name.kind.candle_length()) : std::vector<waiting_candles>{};
}

void symbol_directory::restore_candles(const restore_stream& claim) {
  for (const auto interval : all_candle_intervals) {
    if (!claim.candles.rules || !claim.candles.rules->intervals.contains(interval))
      continue;
    stored_stream row;
    row.symbol = claim.stored.symbol;
    row.kind = stream_kind::candle(interval);
    if (!claim.uncommitted_epoch) // otherwise the partition that it is of is told by the entry
      row.home = claim.stored.home;
    if (claim.stored.candles)
      for (const auto& each : claim.stored.candles->streams)
        if (each.interval == interval)
          row.position = each.position;
    restore(claim.source, std::move(row));
  }
}

} // namespace tradepulse
