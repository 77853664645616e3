#include "adapters/postgres/kline_rows.hpp"

#include <algorithm>
#include <tuple>

#include "adapters/postgres/binary_array.hpp"
#include "adapters/postgres/raw_calls.hpp"
#include "adapters/postgres/row_pieces.hpp"

namespace tradepulse {
namespace {

using type = binary_array::type;

auto key_of(const kline_row& row) {
  return std::tuple(row.symbol.view(), std::string_view(row.interval), row.start);
}

void add_if(binary_array& to, const std::optional<int128>& units) {
  units ? to.add_decimal(*units) : to.add_absent();
}

} // namespace

void keep_newest_of_each(std::vector<kline_row>& rows) {
  std::ranges::sort(rows, [](const kline_row& a, const kline_row& b) {
    return std::tuple(key_of(a), b.position) < std::tuple(key_of(b), a.position); // newest first
  });
  for (std::size_t i = 1, kept = 0; i < rows.size(); ++i) {
    if (key_of(rows[i]) != key_of(rows[kept]))
      kept = i;
    else if (const auto number = std::max(rows[i].greatest, rows[i].number); number)
      rows[kept].greatest = std::max({rows[kept].greatest, rows[kept].number, number});
  }
  const auto doubles = std::ranges::unique(rows, {}, key_of);
  rows.erase(doubles.begin(), doubles.end());
}

std::vector<std::string> kline_arrays(std::span<const kline_row> rows) {
  binary_array symbols{type::text};
  binary_array intervals{type::text};
  binary_array starts{type::int8};
  binary_array opens{type::numeric};
  binary_array highs{type::numeric};
  binary_array lows{type::numeric};
  binary_array closes{type::numeric};
  binary_array volumes{type::numeric};
  binary_array quote_volumes{type::numeric};
  binary_array closed{type::int2};
  binary_array epochs{type::int8};
  binary_array seqs{type::int8};
  binary_array numbers{type::int8};
  binary_array greatest{type::int8};
  for (const auto& row : rows) {
    symbols.add_text(row.symbol.view());
    intervals.add_text(row.interval);
    starts.add_integer(row.start.time_since_epoch().count());
    opens.add_decimal(row.open.units());
    highs.add_decimal(row.high.units());
    lows.add_decimal(row.low.units());
    closes.add_decimal(row.close.units());
    add_if(volumes, row.volume);
    add_if(quote_volumes, row.quote_volume);
    row.closed ? closed.add_integer(*row.closed ? 1 : 0) : closed.add_absent();
    row.position.epoch == epoch{1} ? epochs.add_absent()
                                   : epochs.add_integer(row.position.epoch.value());
    seqs.add_integer(row.position.seq.value());
    row.number ? numbers.add_integer(*row.number) : numbers.add_absent();
    row.greatest ? greatest.add_integer(*row.greatest) : greatest.add_absent();
  }
  std::vector<std::string> out;
  for (binary_array* array : {&symbols, &intervals, &starts, &opens, &highs, &lows, &closes,
                              &volumes, &quote_volumes, &closed, &epochs, &seqs, &numbers,
                              &greatest})
    out.push_back(array->take());
  return out;
}

kline_target ask_kline_target(database_session::call& db) {
  const auto asked = raw::execute(
      db.connection.raw(),
      "SELECT target, only_interval, remedy, waiting FROM tradepulse_kline_target()", {});
  db.answered();
  kline_target out;
  out.table = raw::value(asked, 0, 0);
  if (!PQgetisnull(asked.get(), 0, 1))
    out.only_interval = raw::value(asked, 0, 1);
  out.remedy = raw::value(asked, 0, 2);
  out.waiting = raw::value(asked, 0, 3) == "t";
  return out;
}

kline_counts write_klines(database_session::call& db, const kline_target& target,
                          std::span<const kline_row> rows) {
  kline_counts out;
  while (!rows.empty()) {
    raw::parameters given;
    for (auto& array : kline_arrays(take_piece(rows)))
      given.binary(std::move(array));
    const auto answer = raw::execute(db.connection.raw(), sql::write_klines(target), given);
    db.answered();
    out.written += static_cast<std::size_t>(raw::integer(answer, 0, 0));
    out.waiting += static_cast<std::size_t>(raw::integer(answer, 0, 1));
  }
  return out;
}

std::size_t release_klines(database_session::call& db) {
  const auto answer = raw::execute(db.connection.raw(), "SELECT tradepulse_release_klines()", {});
  db.answered();
  return static_cast<std::size_t>(raw::integer(answer, 0, 0));
}

} // namespace tradepulse
