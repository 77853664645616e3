#include "actors/market/candle_board.hpp"

#include <iterator>
#include <utility>

#include "actors/ingest/made_candles.hpp"

namespace tradepulse {

void candle_board::add(const ingest_range& range, const made_candles& made) {
  if (made.runs.empty()) // as in most slots: nothing closes there
    return;
  std::vector<held> more;
  more.reserve(made.runs.size());
  for (const auto& run : made.runs) {
    if (run.count == 0 || run.began_epoch) // nobody hears of it before its commit
      continue;
    const auto last = run.row.position;
    held one{range.weak_from_this(), run.kind.candle_length(), {}};
    one.what.epoch = last.epoch;
    one.what.first = sequence{last.seq.value() - static_cast<std::int64_t>(run.count) + 1};
    one.what.last = last.seq;
    one.what.newest.reserve(run.count);
    if (made.update)
      for (const auto& each : made.update->closed)
        if (each.row.candle.interval == one.interval && each.position.epoch == last.epoch)
          one.what.newest.push_back({each.row.candle, each.position.seq});
    more.push_back(std::move(one));
  }
  std::lock_guard lock(mutex_);
  std::erase_if(waiting_, [](const held& each) { return each.range.expired(); });
  waiting_.insert(waiting_.end(), std::make_move_iterator(more.begin()),
                  std::make_move_iterator(more.end()));
}

std::vector<waiting_candles> candle_board::waiting(candle_interval interval) const {
  std::vector<waiting_candles> out;
  std::lock_guard lock(mutex_);
  for (const auto& each : waiting_)
    if (each.interval == interval && !each.range.expired())
      out.push_back(each.what);
  return out;
}

} // namespace tradepulse
