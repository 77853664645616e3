#include "adapters/postgres/journal_page.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "adapters/postgres/history_statements.hpp"

namespace tradepulse {
namespace {

constexpr const char* places_statement = "journal_places";
constexpr const char* leaves_statement = "journal_leaves_behind";
constexpr const char* lowest_statement = "journal_lowest";
constexpr std::int64_t no_bound = std::numeric_limits<std::int64_t>::max();

} // namespace

journal_place place_of(const pqxx::row& row, int first) {
  return {row[first].as<std::int32_t>(), epoch{row[first + 1].as<std::int64_t>()},
          row[first + 2].c_str(), sequence{row[first + 3].as<std::int64_t>()}};
}

postgres_settings settings_of_journal_readers(postgres_settings from) {
  from.options = "-c enable_seqscan=off -c enable_bitmapscan=off -c enable_sort=off "
                 "-c enable_hashjoin=off -c enable_mergejoin=off " +
                 from.options;
  return from;
}

void prepare_journal(database_session& session) {
  session.prepare(places_statement, sql::places_in_journal());
  session.prepare(leaves_statement, sql::journal_leaves_behind());
  session.prepare(lowest_statement, sql::lowest_in_journal());
  session.prepare(journal_page_reader::time_statement, sql::places_of_time());
  session.prepare(journal_page_reader::before_statement, sql::journal_leaf_before());
}

stream_position lowest_kept(pqxx::transaction_base& transaction, const stream_key& of) {
  const auto rows = transaction.exec_prepared(lowest_statement, of.symbol.str(), name_of(of.kind));
  if (rows.empty())
    return {};
  return {epoch{rows[0][0].as<std::int64_t>()}, sequence{rows[0][1].as<std::int64_t>()}};
}

history_page journal_page_reader::read() {
  left_ = query_.limit;
  if (query_.time)
    locate();
  look_up();
  if (query_.limit > 0)
    read_leaves();
  end_burst();
  if (last_of_stream_)
    page_.highest = {last_of_stream_->epoch, last_in(*last_of_stream_)};
  if (last_of_epoch_)
    page_.epoch_highest =
        last_of_epoch_->epoch == page_.highest.epoch ? page_.highest.seq : last_in(*last_of_epoch_);
  return std::move(page_);
}

void journal_page_reader::look_up() {
  const auto after = query_.after.seq.value();
  const auto rows =
      transaction_.exec_prepared(places_statement, query_.symbol.str(), name_of(query_.kind),
                                 query_.after.epoch.value(), after == no_bound ? after : after + 1);
  db_.answered();
  std::optional<journal_place> first;
  for (const auto& row : rows) {
    auto place = place_of(row, 1);
    switch (row[0].as<int>()) {
    case 1:
      page_.lowest = start_of(place);
      first = std::move(place);
      break;
    case 2:
      last_of_stream_ = std::move(place);
      break;
    case 3:
      page_.epoch_lowest = place.first;
      break;
    case 4:
      last_of_epoch_ = std::move(place);
      break;
    case 5:
      places_.push_back(std::move(place));
      break;
    default:
      page_.committed = std::max(page_.committed, start_of(place));
    }
  }
  more_places_ = places_.size() == sql::leaves_at_a_time;
  if (places_.empty() && first) { // below all that is kept
    places_.push_back(std::move(*first));
    more_places_ = true;
  }
  std::ranges::sort(places_, {}, start_of);
}

// Ends where the page is full and one event more is known to be there, at `through`, or where
// there are no more leaves.
void journal_page_reader::read_leaves() {
  do {
    for (const auto& place : places_) {
      if (query_.through && start_of(place) > *query_.through)
        return;
      if (place.epoch >= query_.after.epoch)
        read_leaf(place);
      if (page_.more)
        return;
    }
  } while (next_places());
}

// Replaces the places by those behind them; false: there are none.
bool journal_page_reader::next_places() {
  if (!more_places_)
    return false;
  const auto last = places_.back();
  const auto rows =
      transaction_.exec_prepared(leaves_statement, last.stream_id, last.epoch.value(), last.leaf);
  db_.answered();
  places_.clear();
  for (const auto& row : rows)
    places_.push_back(place_of(row, 0));
  more_places_ = places_.size() == sql::leaves_at_a_time;
  return !places_.empty();
}

void journal_page_reader::read_leaf(const journal_place& from) {
  const auto above = from.epoch == query_.after.epoch ? query_.after.seq.value() : 0;
  const auto up_to = query_.through && query_.through->epoch == from.epoch
                         ? query_.through->seq.value()
                         : no_bound;
  take(ask_leaf(from, sql::events_of_leaf(from.leaf, by_, query_.kind.events()),
                {from.stream_id, from.epoch.value(), above, up_to,
                 static_cast<std::int64_t>(left_) + 1}),
       from.epoch);
}

sequence journal_page_reader::last_in(const journal_place& in) {
  const auto rows = ask_leaf(in, sql::last_of_leaf(in.leaf, by_, query_.kind.events()),
                             {in.stream_id, in.epoch.value()});
  return rows.empty() ? sequence{in.first.value() - 1} : sequence{rows[0][0].as<std::int64_t>()};
}

pqxx::result journal_page_reader::ask_leaf(const journal_place& in, const std::string& statement,
                                           const std::vector<std::int64_t>& arguments) {
  try {
    auto rows = transaction_.exec_params(statement, pqxx::prepare::make_dynamic_params(arguments));
    db_.answered();
    return rows;
  } catch (const pqxx::undefined_table&) {
    throw leaf_is_gone{in.leaf};
  } catch (const pqxx::insufficient_privilege&) {
    if (by_ == sql::leaf_access::through_journal)
      throw;
    throw leaf_is_closed{};
  }
}

void journal_page_reader::take(const pqxx::result& rows, tradepulse::epoch in) {
  for (const auto& row : rows) {
    if (left_ == 0) {
      page_.more = true;
      return;
    }
    --left_;
    if (!run_->empty() && (run_epoch_ != in || number_of(row).value() != run_->last().value() + 1))
      end_burst();
    if (run_->empty()) {
      run_epoch_ = in;
      run_commit_time_ = commit_time_of(row);
    }
    run_->add(row);
  }
}

void journal_page_reader::end_burst() {
  if (!run_->empty())
    page_.bursts.push_back(
        run_->take(query_.index, {query_.symbol, query_.kind}, run_epoch_, run_commit_time_));
}

} // namespace tradepulse
