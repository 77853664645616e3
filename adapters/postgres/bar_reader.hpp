#pragma once

// Private to adapters/postgres: bars, read by one connection.
#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "adapters/postgres/bar_statements.hpp"
#include "adapters/postgres/database_session.hpp"
#include "adapters/postgres/history_statements.hpp"
#include "protocol/ports/bars.hpp"

namespace tradepulse {

// Klines come from the tables that `migrate` has settled: ours, and what other programs have
// written, where it was adopted or put aside. Of one kline in several ours counts, then the first.
// Candles come from ours. All of a page is as of one moment, but for the details, which never
// change.
// Thread: one at a time.
class bar_reader {
 public:
  using clock = std::chrono::steady_clock;

  // Throws: what libpqxx throws. Requires: as bar_source.
  bar_page read(database_session::call& db, const bar_query& query);

 private:
  struct reading; // one page
  void look_for_tables(database_session::call& db);
  bar_page read_tables(database_session::call& db, const bar_query& query);
  void add_details(database_session::call& db, stream_kind kind, bars_of_symbol& to);
  void add_details_of_leaf(database_session::call& db, const std::string& leaf,
                           std::int32_t stream_id, const std::map<std::int64_t, bar*>& by_number,
                           epoch in);

  // `tradepulse migrate` moves tables while we read: then they are looked for again, at once where
  // one is gone, and now and then where another one has its name.
  static constexpr std::chrono::minutes look_again_after{1};
  std::vector<sql::bar_table> kline_tables_;
  std::uint64_t connection_ = 0; // that they were looked for on; 0: none
  clock::time_point looked_{};
  sql::leaf_access by_ = sql::leaf_access::by_name;
};

} // namespace tradepulse
