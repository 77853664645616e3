#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "adapters/postgres/database_session.hpp"
#include "adapters/postgres/kline_writer.hpp"
#include "adapters/postgres/shared_table_options.hpp"
#include "adapters/postgres/tracker_rows.hpp"
#include "protocol/ports/range_store.hpp"

namespace tradepulse {

// What a commit writes into the tables that other programs read: market_klines always,
// sequence_tracker where that is switched on. One statement each, none where there is nothing, more
// where there are very many rows.
// Thread: one at a time.
class shared_tables {
 public:
  using clock = kline_writer::clock;

  explicit shared_tables(shared_table_options options)
      : options_(options), klines_(options.numbers) {}

  struct share {
    std::vector<kline_row> klines; // the newest message of each, by key
    std::vector<tracker_row> tracker;

    bool empty() const noexcept { return klines.empty() && tracker.empty(); }
  };
  // Streams whose row the database has refused (position_only) have no klines here, and those that
  // are left out of the tracker no row of it.
  share share_of(const range_commit& work) const;

  // Before the transaction: asks where the tables are, on a new connection and behind forget().
  // Throws: what libpqxx throws.
  void make_ready(database_session::call& db, const share& of, clock::time_point now);
  // Within it; what the commit is to say of klines. Requires: make_ready().
  std::optional<kline_admission> write(database_session::call& db, const share& of);
  // Another name stands for a table since (`tradepulse migrate`): make_ready() asks again.
  void forget() noexcept;

  // A rule of sequence_tracker refuses the rows of these streams: they are left out of it, and
  // logged, until the connection is another one or the table has moved. Nothing else of them is.
  void leave_out(const std::vector<refused_row>& tracked);

  const std::string& tracker_goes_to() const noexcept { return tracker_; }
  const kline_target& klines_go_to() const noexcept { return klines_.target(); }

 private:
  const shared_table_options options_;
  kline_writer klines_;
  std::string tracker_;
  std::uint64_t tracker_of_ = 0; // the connection that was asked; 0: none
  std::set<stream_key> untracked_;
};

// The newest message of each kline among the events of a commit, in the order of the table's key.
// One without a number has that of the last one before it that had.
std::vector<kline_row> kline_rows_of(const range_commit& work, kline_numbers by);

} // namespace tradepulse
