#include "adapters/postgres/shared_tables.hpp"

#include <algorithm>
#include <unordered_map>
#include <utility>
#include <variant>

#include "protocol/expects.hpp"
#include "protocol/log.hpp"

namespace tradepulse {
namespace {

bool is_refused(const std::vector<stream_row>& rows, const stream_key& stream) {
  const auto at = std::ranges::lower_bound(rows, stream, {},
                                           [](const stream_row& row) { return row.stream.key(); });
  return at != rows.end() && at->stream.key() == stream && at->position_only;
}

// The klines of one stream, whose messages come in the order of their positions.
class newest_messages {
 public:
  explicit newest_messages(std::vector<kline_row>& out) : out_(out) {}

  void add(const journal_run& run, kline_numbers by) {
    if (stream_ != run.key()) {
      stream_ = run.key();
      interval_ = name_of(run.kind.kline_length());
      at_.clear();
    }
    auto seq = run.first.value();
    for (const auto& each : std::get<std::span<const logged_kline>>(run.events)) {
      auto& row = row_of(each.value.start);
      take(row, each, {run.epoch, sequence{seq}}, by);
      ++seq;
    }
  }

 private:
  // Most messages are about the same kline as the one before.
  kline_row& row_of(time_ms start) {
    if (!at_.empty() && out_.back().start == start)
      return out_.back();
    const auto [at, made] = at_.try_emplace(start.time_since_epoch().count(), out_.size());
    if (made) {
      auto& row = out_.emplace_back();
      row.symbol = stream_.symbol;
      row.interval = interval_;
      row.start = start;
    }
    return out_[at->second];
  }

  static void take(kline_row& row, const logged_kline& from, stream_position position,
                   kline_numbers by) {
    const auto& value = from.value;
    row.open = value.open;
    row.high = value.high;
    row.low = value.low;
    row.close = value.close;
    row.volume = value.volume.units();
    row.quote_volume = value.quote_volume;
    row.closed = value.closed;
    row.position = position;
    if (by == kline_numbers::engine)
      row.number = position.seq.value();
    else if (from.source_sequence)
      row.number = from.source_sequence;
    if (by == kline_numbers::source)
      row.greatest = std::max(row.greatest, row.number);
  }

  std::vector<kline_row>& out_;
  stream_key stream_;
  std::string interval_;
  std::unordered_map<std::int64_t, std::size_t> at_; // of the stream's klines in out_, by start
};

} // namespace

std::vector<kline_row> kline_rows_of(const range_commit& work, kline_numbers by) {
  std::vector<kline_row> out;
  newest_messages newest(out);
  for (const auto& run : work.events)
    if (run.kind.events() == event_kind::kline && !is_refused(work.rows, run.key()))
      newest.add(run, by);
  keep_newest_of_each(out);
  return out;
}

shared_tables::share shared_tables::share_of(const range_commit& work) const {
  share out;
  out.klines = kline_rows_of(work, options_.numbers);
  if (options_.tracker)
    for (const auto& row : work.rows)
      if (!untracked_.contains(row.stream.key()))
        out.tracker.push_back({row.stream.symbol, name_of(row.stream.kind), row.stream.position});
  return out;
}

void shared_tables::make_ready(database_session::call& db, const share& of, clock::time_point now) {
  if (!of.klines.empty())
    klines_.make_ready(db, now);
  if (tracker_of_ == db.number)
    return;
  untracked_.clear();
  if (of.tracker.empty())
    return;
  tracker_ = ask_tracker_target(db);
  tracker_of_ = db.number;
}

std::optional<kline_admission> shared_tables::write(database_session::call& db, const share& of) {
  std::optional<kline_admission> out;
  if (!of.klines.empty()) {
    out.emplace();
    out->kept_out = klines_.write(db, of.klines).waiting;
    out->waiting = klines_.target().waiting;
    out->remedy = klines_.target().remedy;
    out->one_interval_alone = klines_.target().only_interval.has_value();
  }
  if (!of.tracker.empty()) {
    TRADEPULSE_EXPECTS(tracker_of_ == db.number);
    write_tracker(db, tracker_, of.tracker);
  }
  return out;
}

void shared_tables::forget() noexcept {
  klines_.forget();
  tracker_of_ = 0;
  untracked_.clear();
}

void shared_tables::leave_out(const std::vector<refused_row>& tracked) {
  for (const auto& row : tracked)
    if (untracked_.insert(row.stream).second)
      log::error("row_refused", {{"symbol", row.stream.symbol.view()},
                                 {"stream", name_of(row.stream.kind)},
                                 {"table", tracker_},
                                 {"sqlstate", row.sqlstate},
                                 {"error", row.message},
                                 {"action", "left_out"}});
}

} // namespace tradepulse
