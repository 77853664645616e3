#include "adapters/postgres/journal_names.hpp"

#include <algorithm>
#include <optional>

#include <pqxx/except>

#include "adapters/postgres/binary_array.hpp"
#include "adapters/postgres/raw_calls.hpp"
#include "adapters/postgres/statements.hpp"
#include "protocol/expects.hpp"
#include "protocol/log.hpp"

namespace tradepulse {
namespace {

using std::chrono::days;

constexpr std::chrono::hours ahead{1};
constexpr std::chrono::minutes ahead_retry{1};

// "2024-08-08"
std::string text_of(std::chrono::sys_days day) {
  return to_iso8601(time_ms{day}).substr(0, 10);
}

} // namespace

void journal_names::of_connection(std::uint64_t number) {
  if (connection_ == number)
    return;
  connection_ = number;
  leaves_.clear();
  unlearn();
}

void journal_names::unlearn() noexcept {
  streams_.clear();
  partitions_.clear();
}

void journal_names::forget_leaves(time_ms commit_time) {
  for (auto& [kind, known] : leaves_)
    known.names.erase(day_of(commit_time));
}

const std::string& journal_names::ask_leaf(database_session::call& db, event_kind of, day on) {
  const auto found =
      raw::execute(db.connection.raw(), sql::journal_leaf(),
                   raw::parameters().text(std::string(journal_of(of).name)).text(text_of(on)));
  db.answered();
  // Those before are done with: no commit time goes back, but for another partition's midnight.
  auto& names = leaves_[of].names;
  names.erase(names.begin(), names.lower_bound(on - days{1}));
  return names[on] = raw::value(found, 0, 0);
}

const std::string& journal_names::leaf(database_session::call& db, event_kind of,
                                       time_ms commit_time) {
  const auto today = day_of(commit_time);
  auto& leaves = leaves_[of];
  const auto known = leaves.names.find(today);
  const auto& out = known == leaves.names.end() ? ask_leaf(db, of, today) : known->second;
  const auto tomorrow = today + days{1};
  if (commit_time < tomorrow - ahead || commit_time < leaves.ahead_not_before ||
      leaves.names.contains(tomorrow))
    return out;
  try {
    ask_leaf(db, of, tomorrow);
  } catch (const pqxx::sql_error& refused) {
    leaves.ahead_not_before = commit_time + ahead_retry;
    log::warning("journal_leaf_refused", {{"journal", journal_of(of).name},
                                          {"day", text_of(tomorrow)},
                                          {"sqlstate", refused.sqlstate()}});
  }
  return out;
}

bool journal_names::knows(const topic_partition& source, std::span<const journal_part> parts,
                          time_ms commit_time) const {
  if (!partitions_.contains(source))
    return false;
  const auto today = day_of(commit_time);
  return std::ranges::all_of(parts, [&](const journal_part& part) {
    return std::ranges::all_of(part.runs, [&](const located_run& each) {
      const auto known = streams_.find(each.run->key());
      return known != streams_.end() && known->second.entered == each.run->epoch &&
             known->second.leaf == today;
    });
  });
}

void journal_names::learn(database_session::call& db, const topic_partition& source,
                          std::span<const journal_part> parts, time_ms commit_time) {
  if (!partitions_.contains(source)) {
    const auto found = raw::execute(db.connection.raw(), sql::journal_partition_id(),
                                    raw::parameters().text(source.topic).integer(source.partition));
    db.answered();
    partitions_.emplace(source, static_cast<std::int32_t>(raw::integer(found, 0, 0)));
  }
  learn_streams(db, parts);
  enter_leaf(db, parts, day_of(commit_time));
}

void journal_names::learn_streams(database_session::call& db, std::span<const journal_part> parts) {
  binary_array symbols(binary_array::type::text);
  binary_array streams(binary_array::type::text);
  std::size_t unknown = 0;
  for (const auto& part : parts) {
    std::optional<stream_key> before;
    for (const auto& each : part.runs) {
      const auto key = each.run->key();
      if (streams_.contains(key) || before == key)
        continue;
      symbols.add_text(key.symbol.view());
      streams.add_text(name_of(key.kind));
      before = key;
      ++unknown;
    }
  }
  if (unknown == 0)
    return;
  const auto found = raw::execute(db.connection.raw(), sql::journal_stream_ids(),
                                  raw::parameters().binary(symbols.take()).binary(streams.take()));
  db.answered();
  TRADEPULSE_EXPECTS(static_cast<std::size_t>(PQntuples(found.get())) == unknown);
  for (int row = 0; row < PQntuples(found.get()); ++row)
    streams_.insert_or_assign(
        stream_key{symbol::parse(raw::value(found, row, 0)).value(),
                   parse_stream_kind(raw::value(found, row, 1)).value()},
        known_stream{.id = static_cast<std::int32_t>(raw::integer(found, row, 2))});
}

void journal_names::enter_leaf(database_session::call& db, std::span<const journal_part> parts,
                               day leaf) {
  binary_array ids(binary_array::type::int4);
  binary_array epochs(binary_array::type::int8);
  binary_array first(binary_array::type::int8);
  bool any = false;
  for (const auto& part : parts)
    for (const auto& each : part.runs) {
      const auto& run = *each.run;
      auto& known = streams_.at(run.key());
      if (known.entered == run.epoch && known.leaf == leaf)
        continue;
      ids.add_integer(known.id);
      epochs.add_integer(run.epoch.value());
      first.add_integer(run.first.value());
      known.entered = run.epoch;
      known.leaf = leaf;
      any = true;
    }
  if (!any)
    return;
  raw::execute(db.connection.raw(), sql::enter_journal_leaf(),
               raw::parameters()
                   .binary(ids.take())
                   .binary(epochs.take())
                   .text(text_of(leaf))
                   .binary(first.take()));
  db.answered();
}

void journal_names::locate(journal_part& part) const {
  const journal_run* before = nullptr;
  std::int32_t id = 0;
  for (auto& each : part.runs) {
    if (before == nullptr || before->key() != each.run->key())
      id = streams_.at(each.run->key()).id;
    each.stream_id = id;
    before = each.run;
  }
  // Those of a stream are in order already.
  std::ranges::stable_sort(part.runs, {}, &located_run::stream_id);
}

} // namespace tradepulse
