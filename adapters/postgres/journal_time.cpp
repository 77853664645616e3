#include <algorithm>
#include <string>

#include "adapters/postgres/history_statements.hpp"
#include "adapters/postgres/journal_page.hpp"

// The position that a time names: that of the last event that was committed before it.
// Within an epoch commit times rise with the numbers (one home, whose commit time never goes back),
// so a look at the last event of a leaf tells whether the place is in it, and halving finds it.
// From epoch to epoch they may go back: another home has another writer and another clock, and what
// the old one still had is committed behind the new one's first events. So epochs are looked
// through in their order, from the first that has a leaf of that day or later, and the place is
// before the first event that was committed at that time or later, whatever comes behind it.
namespace tradepulse {
namespace {

// "20240808"
std::string leaf_of(time_ms time) {
  auto out = to_iso8601(time).substr(0, 10);
  std::erase(out, '-');
  return out;
}

} // namespace

void journal_page_reader::locate() {
  const auto rows = transaction_.exec_prepared(time_statement, query_.symbol.str(),
                                               name_of(query_.kind), leaf_of(*query_.time));
  db_.answered();
  std::optional<journal_place> last;
  std::vector<journal_place> from;
  stream_position lowest;
  stream_position committed;
  for (const auto& row : rows) {
    auto place = place_of(row, 1);
    switch (row[0].as<int>()) {
    case 1:
      lowest = start_of(place);
      break;
    case 2:
      last = std::move(place);
      break;
    case 5:
      from.push_back(std::move(place));
      break;
    default:
      committed = std::max(committed, start_of(place));
    }
  }
  std::ranges::sort(from, {}, start_of);
  query_.after = last ? behind_which(from, *last) : committed;
  page_.after = query_.after;
  page_.older = last ? page_.after < lowest && lowest > stream_position{epoch{1}, sequence{1}}
                     : committed != stream_position{};
}

stream_position journal_page_reader::behind_which(const std::vector<journal_place>& from,
                                                  const journal_place& last) {
  const auto day = leaf_of(*query_.time);
  stream_position passed;
  for (const auto& place : from) {
    auto due = place.first;
    if (const auto newest = place.leaf == day ? newest_in(place) : std::nullopt) {
      passed = {place.epoch, newest->seq};
      if (newest->commit_time < *query_.time)
        continue;
      due = first_since(place, newest->seq);
    }
    return due > place.first ? stream_position{place.epoch, sequence{due.value() - 1}}
                             : last_before(place);
  }
  // So many epochs on one day: the rest is not looked through, and comes to the client.
  if (from.size() == sql::leaves_of_a_time)
    return passed;
  return {last.epoch, last_in(last)};
}

// The last event in the leaf before; where there is none, right before this one.
stream_position journal_page_reader::last_before(const journal_place& place) {
  const auto rows = transaction_.exec_prepared(before_statement, place.stream_id,
                                               place.epoch.value(), place.leaf);
  db_.answered();
  if (rows.empty())
    return {place.epoch, sequence{place.first.value() - 1}};
  const auto found = place_of(rows[0], 0);
  return {found.epoch, last_in(found)};
}

std::optional<journal_page_reader::newest_event>
journal_page_reader::newest_in(const journal_place& in) {
  const auto rows = ask_leaf(in, sql::newest_of_leaf(in.leaf, by_, query_.kind.events()),
                             {in.stream_id, in.epoch.value()});
  if (rows.empty())
    return std::nullopt;
  return newest_event{sequence{rows[0][0].as<std::int64_t>()},
                      time_ms{std::chrono::milliseconds{rows[0][1].as<std::int64_t>()}}};
}

sequence journal_page_reader::first_since(const journal_place& in, sequence newest) {
  const auto rows = ask_leaf(in, sql::since_of_leaf(in.leaf, by_, query_.kind.events()),
                             {in.stream_id, in.epoch.value(), in.first.value() - 1, newest.value(),
                              query_.time->time_since_epoch().count()});
  return sequence{rows[0][0].as<std::int64_t>()};
}

} // namespace tradepulse
