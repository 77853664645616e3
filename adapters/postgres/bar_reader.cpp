#include "adapters/postgres/bar_reader.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <string_view>
#include <utility>

namespace tradepulse {
namespace {

std::string interval_of(stream_kind kind) {
  return std::string(kind.events() == event_kind::kline ? name_of(kind.kline_length())
                                                        : name_of(kind.candle_length()));
}

time_ms end_of_bar(time_ms start, stream_kind kind) {
  return kind.events() == event_kind::kline ? end_of(start, kind.kline_length())
                                            : start + length_of(kind.candle_length());
}

// A symbol has no character that an array's text would have to escape.
std::string array_of(const std::vector<symbol>& names) {
  std::string out = "{";
  for (const auto& each : names)
    out.append(out.size() == 1 ? "\"" : ",\"").append(each.view()).append("\"");
  return out + "}";
}

template <class Value>
std::optional<Value> value_of(const pqxx::field& field) {
  return field.is_null() ? std::nullopt : std::optional(field.as<Value>());
}
sequence number_or_none(const pqxx::field& field) {
  return sequence{field.is_null() ? 0 : field.as<std::int64_t>()};
}

// Nothing: a price that is none of ours.
std::optional<bar> bar_of(const pqxx::row& row, stream_kind kind) {
  bar out;
  out.start = time_ms{std::chrono::milliseconds{row[1].as<std::int64_t>()}};
  out.end = end_of_bar(out.start, kind);
  int column = 2;
  for (auto* each : {&out.open, &out.high, &out.low, &out.close}) {
    const auto& field = row[column++];
    const auto read = price::parse({field.c_str(), field.size()});
    if (!read)
      return std::nullopt;
    *each = *read;
  }
  for (auto* each :
       {&out.volume, &out.quote_volume, &out.taker_buy_volume, &out.taker_buy_quote_volume})
    *each = value_of<std::string>(row[column++]);
  for (auto* each : {&out.trades, &out.first_trade_id, &out.last_trade_id})
    *each = value_of<std::int64_t>(row[column++]);
  out.closed = value_of<bool>(row[13]);
  if (!row[14].is_null() && !row[15].is_null())
    out.position = {epoch{row[14].as<std::int64_t>()}, sequence{row[15].as<std::int64_t>()}};
  out.revision = value_of<std::int32_t>(row[16]);
  if (const auto source = value_of<std::int64_t>(row[17]))
    out.source_epoch = epoch{*source};
  out.first_seq = number_or_none(row[18]);
  out.last_seq = number_or_none(row[19]);
  out.partial = value_of<bool>(row[20]).value_or(false);
  return out;
}

// Both ascending; of two of one time that with the greater position stays, else that of `into`.
void merge(std::vector<bar>& into, std::vector<bar>&& others) {
  std::vector<bar> out;
  out.reserve(into.size() + others.size());
  auto a = into.begin();
  for (auto& b : others) {
    while (a != into.end() && a->start < b.start)
      out.push_back(std::move(*a++));
    if (a == into.end() || a->start > b.start)
      out.push_back(std::move(b));
    else if (b.position > a->position) // one without a position is below all
      *a = std::move(b);
  }
  std::move(a, into.end(), std::back_inserter(out));
  into = std::move(out);
}

} // namespace

struct bar_reader::reading {
  database_session::call& db;
  pqxx::transaction_base& transaction;
  const bar_query& query;

  // Of one table, of each symbol in `names`, ascending.
  std::vector<std::vector<bar>> rows_of(const sql::bar_table& in,
                                        const std::vector<symbol>& names) {
    std::vector<std::vector<bar>> out(names.size());
    const auto rows = transaction.exec_params(
        sql::bars_in(in, query.newest), array_of(names), interval_of(query.kind),
        to_iso8601(query.from.value_or(earliest_asked_time)),
        to_iso8601(std::min(query.until.value_or(latest_asked_time), latest_asked_time)),
        static_cast<std::int64_t>(query.limit) + 1);
    db.answered();
    for (const auto& row : rows)
      if (auto each = bar_of(row, query.kind))
        out[row[0].as<std::size_t>() - 1].push_back(std::move(*each));
    if (query.newest)
      for (auto& each : out)
        std::ranges::reverse(each);
    return out;
  }

  std::vector<std::vector<bar>> rows_of(const std::vector<sql::bar_table>& all,
                                        const std::vector<symbol>& names) {
    std::vector<std::vector<bar>> out(names.size());
    for (const auto& each : all) {
      auto found = rows_of(each, names);
      for (std::size_t i = 0; i < out.size(); ++i)
        merge(out[i], std::move(found[i]));
    }
    return out;
  }
};

bar_page bar_reader::read(database_session::call& db, const bar_query& query) {
  const bool klines = query.kind.events() == event_kind::kline;
  for (bool again = klines;; again = false) {
    try {
      if (klines)
        look_for_tables(db);
      auto out = read_tables(db, query);
      if (klines && query.details)
        for (auto& each : out)
          add_details(db, query.kind, each);
      return out;
    } catch (const pqxx::undefined_table&) {
      if (!again)
        throw;
    } catch (const pqxx::undefined_column&) {
      if (!again)
        throw;
    }
    db.answered();
    connection_ = 0;
  }
}

void bar_reader::look_for_tables(database_session::call& db) {
  const auto now = clock::now();
  if (connection_ == db.number && now - looked_ < look_again_after)
    return;
  pqxx::nontransaction asking(db.connection);
  const auto rows = asking.exec(sql::tables_of_klines());
  db.answered();
  kline_tables_.clear();
  for (const auto& row : rows)
    if (row[1].is_null())
      kline_tables_.push_back({row[0].c_str(), sql::our_klines()});
    else
      kline_tables_.push_back({row[0].c_str(), sql::foreign_bars(row[1].c_str()),
                               static_cast<sql::bar_rows>(row[2].as<int>())});
  connection_ = db.number;
  looked_ = now;
}

bar_page bar_reader::read_tables(database_session::call& db, const bar_query& query) {
  static const std::vector<sql::bar_table> of_candles{{"candles", sql::candles()}};
  const auto& tables = query.kind.events() == event_kind::kline ? kline_tables_ : of_candles;
  bar_page out;
  for (const auto& each : query.symbols)
    out.push_back({each, {}, false, {}, false});

  pqxx::transaction<pqxx::repeatable_read, pqxx::read_only> transaction(db.connection);
  db.answered();
  for (const auto& row : transaction.exec_params(sql::committed_positions(),
                                                 array_of(query.symbols), name_of(query.kind)))
    out[row[0].as<std::size_t>() - 1].committed = {epoch{row[1].as<std::int64_t>()},
                                                   sequence{row[2].as<std::int64_t>()}};
  db.answered();
  reading page{db, transaction, query};
  auto found = page.rows_of(tables, query.symbols);
  std::vector<symbol> without;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < out.size(); ++i) {
    auto& bars = found[i];
    out[i].any = !bars.empty();
    out[i].more = bars.size() > query.limit;
    if (out[i].more && query.newest)
      bars.erase(bars.begin(), bars.end() - static_cast<std::ptrdiff_t>(query.limit));
    else if (out[i].more)
      bars.resize(query.limit);
    out[i].bars = std::move(bars);
    if (out[i].any)
      continue;
    without.push_back(out[i].symbol);
    places.push_back(i);
  }
  if (!without.empty() && (query.from || query.until)) {
    const bar_query at_any_time{without, query.kind, {}, {}, 1};
    const auto some = reading{db, transaction, at_any_time}.rows_of(tables, without);
    for (std::size_t i = 0; i < places.size(); ++i)
      out[places[i]].any = !some[i].empty();
  }
  transaction.commit();
  db.answered();
  return out;
}

// By the numbers of the klines that have one: each is in the last leaf of its epoch that begins
// no higher.
void bar_reader::add_details(database_session::call& db, stream_kind kind, bars_of_symbol& to) {
  std::map<epoch, std::map<std::int64_t, bar*>> wanted;
  for (auto& each : to.bars)
    if (each.position)
      wanted[each.position->epoch][each.position->seq.value()] = &each;
  if (wanted.empty())
    return;
  struct place {
    std::int32_t stream_id;
    std::string leaf;
    std::int64_t first;
  };
  std::map<epoch, std::vector<place>> leaves;
  {
    pqxx::nontransaction asking(db.connection);
    for (const auto& row :
         asking.exec_params(sql::leaves_of_epochs(), to.symbol.str(), name_of(kind),
                            wanted.begin()->first.value(), wanted.rbegin()->first.value()))
      leaves[epoch{row[1].as<std::int64_t>()}].push_back(
          {row[0].as<std::int32_t>(), row[2].c_str(), row[3].as<std::int64_t>()});
    db.answered();
  }
  for (const auto& [in, numbers] : wanted) {
    const auto& of_epoch = leaves[in];
    for (std::size_t i = 0; i < of_epoch.size(); ++i) {
      const auto first = numbers.lower_bound(of_epoch[i].first);
      const auto end =
          i + 1 < of_epoch.size() ? numbers.lower_bound(of_epoch[i + 1].first) : numbers.end();
      if (first != end)
        add_details_of_leaf(db, of_epoch[i].leaf, of_epoch[i].stream_id, {first, end}, in);
    }
  }
}

void bar_reader::add_details_of_leaf(database_session::call& db, const std::string& leaf,
                                     std::int32_t stream_id,
                                     const std::map<std::int64_t, bar*>& by_number, epoch in) {
  std::string numbers = "{";
  for (const auto& [number, each] : by_number)
    numbers += (numbers.size() == 1 ? "" : ",") + std::to_string(number);
  numbers += "}";
  pqxx::result rows;
  try {
    pqxx::nontransaction asking(db.connection);
    rows = asking.exec_params(sql::kline_details(leaf, by_), stream_id, in.value(), numbers);
  } catch (const pqxx::undefined_table&) { // retention has taken it away
    db.answered();
    return;
  } catch (const pqxx::insufficient_privilege&) {
    if (by_ == sql::leaf_access::through_journal)
      throw;
    db.answered();
    by_ = sql::leaf_access::through_journal;
    return add_details_of_leaf(db, leaf, stream_id, by_number, in);
  }
  db.answered();
  for (const auto& row : rows) {
    auto& to = *by_number.at(row[0].as<std::int64_t>());
    to.taker_buy_volume = value_of<std::string>(row[1]);
    to.taker_buy_quote_volume = value_of<std::string>(row[2]);
    to.trades = value_of<std::int64_t>(row[3]);
    to.first_trade_id = value_of<std::int64_t>(row[4]);
    to.last_trade_id = value_of<std::int64_t>(row[5]);
  }
}

} // namespace tradepulse
