#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "adapters/postgres/kline_writer.hpp"
#include "tests/adapters/postgres/support/settled_names.hpp"

// Rows of market_klines, as a writer's session writes them.
namespace tradepulse::test {

inline constexpr std::int64_t half_past_two = 1723127400000; // 2024-08-08 14:30 UTC

inline kline_row kline_at(std::int64_t seq, std::int64_t close = 1) {
  kline_row out;
  out.symbol = symbol::parse("BTCUSDT").value();
  out.interval = "1m";
  out.start = time_ms(std::chrono::milliseconds(half_past_two));
  out.open = out.low = price(100'000'001); // 1.00000001
  out.high = price(900'000'000'000'000'000);
  out.close = price(close * decimal_unit);
  out.volume = int128{123'456'789'012'345'678} * 1000 + 1;
  out.closed = false;
  out.position = {epoch{1}, sequence{seq}};
  out.number = 1000 + seq;
  return out;
}

class kline_rows_test : public testing::Test {
 protected:
  void SetUp() override { migrated(db); }

  kline_counts write(std::vector<kline_row> rows) {
    kline_counts out;
    const auto fault = session.attempt([&](database_session::call& call) {
      writer.make_ready(call, now);
      pqxx::work transaction(call.connection);
      out = writer.write(call, rows);
      transaction.commit();
    });
    if (fault)
      throw std::runtime_error(fault->as_error().detail);
    return out;
  }
  std::string stored(const std::string& columns, const std::string& table = "market_klines") {
    return db.value("SELECT string_agg(concat_ws(' ', " + columns +
                    "), '; ' ORDER BY symbol, interval, time) FROM " + table);
  }

  test_database db;
  database_session session{db.settings("klines"), shared_watchdog()};
  kline_writer writer;
  kline_writer::clock::time_point now = kline_writer::clock::now();
};

} // namespace tradepulse::test
