#include "adapters/postgres/source_page_reader.hpp"

#include <algorithm>
#include <chrono>
#include <set>
#include <span>
#include <utility>

#include "protocol/decimal.hpp"

namespace tradepulse {
namespace {

// Leaves of one statement: looked into, and read.
constexpr std::size_t looked_into_at_a_time = 32;
constexpr std::size_t read_at_a_time = 8;

time_ms time_of(const pqxx::field& field) {
  return time_ms{std::chrono::milliseconds{field.as<std::int64_t>()}};
}

std::string stream_of(const source_query& query) {
  return name_of(stream_kind::kline(query.interval));
}

} // namespace

source_page source_page_reader::read() {
  look_up();
  look_into(source_ranges::leaves_of(places_));
  find_first_kept();
  read_leaves();
  look_for_leaves_again();
  read_adopted();
  look_around();
  page_.more = found_.size() > query_.limit;
  for (auto& [number, each] : found_)
    if (page_.klines.size() < query_.limit)
      page_.klines.push_back(std::move(each.kline));
  return std::move(page_);
}

void source_page_reader::look_up() {
  const auto rows =
      transaction_.exec_params(sql::places_of_source(), query_.symbol.str(), stream_of(query_));
  db_.answered();
  for (const auto& row : rows) {
    const epoch in{row[2].as<std::int64_t>()};
    const auto number = row[4].as<std::int64_t>();
    switch (row[0].as<int>()) {
    case 1:
      if (places_.empty())
        page_.all_kept = in == epoch{1} && number == 1;
      places_.push_back({in, row[3].c_str()});
      break;
    case 2:
      page_.committed = {in, sequence{number}};
      page_.known = true;
      break;
    default:
      stream_id_ = row[1].as<std::int32_t>();
      page_.known = true;
    }
  }
}

void source_page_reader::look_into(const std::vector<source_ranges::leaf>& leaves) {
  std::vector<const source_ranges::leaf*> unknown;
  for (const auto& leaf : leaves)
    if (const auto numbers = ranges_.find(*stream_id_, leaf))
      consider(leaf, *numbers);
    else
      unknown.push_back(&leaf);
  for (std::size_t i = 0; i < unknown.size(); i += looked_into_at_a_time) {
    std::vector<std::string> names;
    for (std::size_t j = i; j < std::min(unknown.size(), i + looked_into_at_a_time); ++j)
      names.push_back(unknown[j]->name);
    const auto rows =
        transaction_.exec_params(sql::source_range_of_leaves(names, by_), *stream_id_);
    db_.answered();
    for (const auto& row : rows) {
      const auto leaf = std::ranges::find(leaves, row[0].c_str(), &source_ranges::leaf::name);
      std::optional<source_ranges::range> numbers;
      if (!row[1].is_null())
        numbers = {row[1].as<std::int64_t>(), row[2].as<std::int64_t>()};
      ranges_.learn(*stream_id_, *leaf, numbers);
      consider(*leaf, numbers);
    }
  }
}

void source_page_reader::consider(const source_ranges::leaf& leaf,
                                  const std::optional<source_ranges::range>& numbers) {
  if (!numbers)
    return;
  numbered_.insert(leaf.name);
  page_.below = page_.below || numbers->low <= query_.after;
  page_.above = page_.above || numbers->high > query_.through;
  if (numbers->high > query_.after && numbers->low <= query_.through)
    to_read_.push_back(leaf.name);
}

// Days go from the oldest on, so what was taken away came before the oldest event that is kept.
// The lowest number does not say where that is: numbers may have begun anew since.
void source_page_reader::find_first_kept() {
  if (page_.all_kept)
    return;
  for (const auto& place : places_) {
    if (!numbered_.contains(place.leaf))
      continue;
    const auto rows = transaction_.exec_params(sql::source_first_of_leaf(place.leaf, by_),
                                               *stream_id_, place.epoch.value());
    db_.answered();
    if (!rows.empty()) {
      page_.first_kept = rows[0][0].as<std::int64_t>();
      return;
    }
  }
}

void source_page_reader::read_leaves() {
  const auto most = static_cast<std::int64_t>(query_.limit) + 1;
  const std::span<const std::string> all(to_read_);
  for (std::size_t i = 0; i < all.size(); i += read_at_a_time) {
    const auto some = all.subspan(i, std::min(read_at_a_time, all.size() - i));
    const auto rows = transaction_.exec_params(sql::source_klines_of_leaves(some, by_), *stream_id_,
                                               query_.after, bound_, most);
    db_.answered();
    for (const auto& row : rows) {
      candidate one;
      one.how_new = {row[1].as<std::int64_t>(), row[2].as<std::int64_t>(),
                     row[3].as<std::int64_t>()};
      one.kline.number = row[0].as<std::int64_t>();
      one.kline.event_time = time_of(row[2]);
      auto& value = one.kline.value.emplace();
      value.start = time_of(row[4]);
      value.end = time_of(row[5]);
      value.open = price{row[6].as<std::int64_t>()};
      value.high = price{row[7].as<std::int64_t>()};
      value.low = price{row[8].as<std::int64_t>()};
      value.close = price{row[9].as<std::int64_t>()};
      value.volume = quantity{parse_decimal({row[10].c_str(), row[10].size()}).value()};
      take(std::move(one));
    }
  }
}

// By its name a leaf that has gone is an error; through the journal it has no rows, as if upstream
// had sent none. Retention takes its places away before it detaches it.
void source_page_reader::look_for_leaves_again() {
  if (by_ == sql::leaf_access::by_name || places_.empty())
    return;
  std::set<std::pair<std::int64_t, std::string>> now;
  for (const auto& row : transaction_.exec_params(sql::places_of_source(), query_.symbol.str(),
                                                  stream_of(query_)))
    if (row[0].as<int>() == 1)
      now.emplace(row[2].as<std::int64_t>(), row[3].c_str());
  db_.answered();
  for (const auto& each : places_)
    if (!now.contains({each.epoch.value(), each.leaf}))
      throw leaf_is_gone{each.leaf};
}

// Last: where the journal has enough, no number above that is looked for there.
void source_page_reader::read_adopted() {
  const auto rows = transaction_.exec_params(sql::adopted_klines(), query_.symbol.str(),
                                             std::string(name_of(query_.interval)), query_.after,
                                             bound_, static_cast<std::int64_t>(query_.limit) + 1);
  db_.answered();
  for (const auto& row : rows) {
    const auto decimal = [&row](int column) {
      return parse_decimal({row[column].c_str(), row[column].size()});
    };
    candidate one;
    one.kline.number = row[0].as<std::int64_t>();
    if (row[1].as<bool>()) {
      auto& value = one.kline.value.emplace();
      value.start = one.kline.event_time = time_of(row[2]);
      value.end = end_of(value.start, query_.interval);
      const auto units = [&](int column) {
        return price{static_cast<std::int64_t>(decimal(column).value())};
      };
      value.open = units(3);
      value.high = units(4);
      value.low = units(5);
      value.close = units(6);
      value.volume = quantity{decimal(7).value()};
    }
    take(std::move(one));
  }
  page_.known = page_.known || !rows.empty();
}

// What the journal does not know of the numbers around the question. Rows of the engine share the
// index of an adopted table; those beyond the question are in the journal, which was asked before.
void source_page_reader::look_around() {
  const std::string symbol = query_.symbol.str();
  const std::string interval(name_of(query_.interval));
  if (!page_.below || !page_.above) {
    const auto row = transaction_.exec_params1(sql::adopted_around(), symbol, interval,
                                               query_.after, query_.through);
    db_.answered();
    page_.below = page_.below || row[0].as<bool>();
    page_.above = page_.above || row[1].as<bool>();
  }
  page_.known = page_.known || page_.below || page_.above;
  if (!page_.known) {
    page_.known = transaction_.exec_params1(sql::adopted_any(), symbol, interval)[0].as<bool>();
    db_.answered();
  }
}

void source_page_reader::take(candidate one) {
  const auto number = one.kline.number;
  const auto [at, made] = found_.try_emplace(number, one);
  if (!made && at->second.how_new < one.how_new)
    at->second = std::move(one);
  if (found_.size() <= query_.limit + 1)
    return;
  found_.erase(std::prev(found_.end()));
  bound_ = std::prev(found_.end())->first;
}

} // namespace tradepulse
