#include "adapters/postgres/journal_rows.hpp"

#include <algorithm>
#include <cstring>
#include <string_view>
#include <type_traits>

#include "adapters/postgres/journal_row_formats.hpp"

namespace tradepulse {
namespace {

using namespace std::string_view_literals;

constexpr auto head = "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0"sv; // signature, flags, no extension
constexpr std::size_t room_behind = 16;                       // the end, and what is written over

std::size_t longest_row(const logged_events& events) {
  return std::visit(
      [](const auto& each) {
        using logged = typename std::decay_t<decltype(each)>::value_type;
        return journal_format::longest_row_bytes<logged>;
      },
      events);
}

} // namespace

std::vector<journal_part> journal_parts(std::span<const journal_run> events, journal_kinds kept) {
  std::vector<journal_part> out;
  for (const auto& run : events) {
    const auto kind = run.kind.events();
    if (!kept.contains(kind))
      continue;
    auto part = std::ranges::find(out, kind, &journal_part::kind);
    if (part == out.end()) {
      part = out.insert(out.end(), {kind, {}});
      part->runs.reserve(events.size());
    }
    part->runs.push_back({0, &run});
  }
  std::ranges::sort(out, {}, &journal_part::kind);
  return out;
}

journal_rows::journal_rows(std::span<const located_run> runs, std::int32_t partition_id,
                           time_ms commit_time)
    : runs_(runs), partition_id_(partition_id), commit_time_(commit_time) {}

template <class Logged>
char* journal_rows::write_rows(char* to, const located_run& from, std::span<const Logged> events,
                               std::size_t& left) {
  journal_format::place at{commit_time_.time_since_epoch().count(),
                           0,
                           from.stream_id,
                           static_cast<std::int32_t>(from.run->epoch.value()),
                           partition_id_,
                           false};
  for (; left > 0 && event_ < events.size(); ++event_, --left) {
    at.seq = from.run->first.value() + static_cast<std::int64_t>(event_);
    // Numbers of candles do not follow the time of the records that caused them.
    at.late = !std::is_same_v<Logged, logged_candle> && order_.late(events[event_].event_time);
    to = journal_format::write_row(to, at, events[event_]);
  }
  return to;
}

void journal_rows::write(std::string& out, std::size_t rows) {
  std::size_t left = 0; // up to `rows`
  for (std::size_t i = run_; i < runs_.size() && left < rows; ++i)
    left += count_of(runs_[i].run->events) - (i == run_ ? event_ : 0);
  left = std::min(left, rows);
  out.resize(head.size() + left * longest_row(runs_[run_].run->events) + room_behind);
  std::memcpy(out.data(), head.data(), head.size());
  char* to = out.data() + head.size();
  while (left > 0) {
    const auto& from = runs_[run_];
    if (event_ == 0)
      order_ = lateness(from.run->newest_before);
    to = std::visit([&](const auto& events) { return write_rows(to, from, events, left); },
                    from.run->events);
    if (event_ == count_of(from.run->events)) {
      ++run_;
      event_ = 0;
    }
  }
  to = journal_format::put(to, 0xffff, 2); // the end
  out.resize(static_cast<std::size_t>(to - out.data()));
}

} // namespace tradepulse
