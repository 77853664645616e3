// Tables of klines as other programs make them: of either name, with each type of number, with and
// without upstream's numbers.
#include <tuple>

#include <gtest/gtest.h>

#include "adapters/postgres/history_store_postgres.hpp"
#include "adapters/postgres/source_store_postgres.hpp"
#include "tests/adapters/postgres/support/kinds.hpp"
#include "tests/adapters/postgres/support/settled_names.hpp"

namespace tradepulse {
namespace {

using namespace test;

class KlinesOfEachForm
    : public testing::TestWithParam<std::tuple<const char*, const char*, bool>> {};

TEST_P(KlinesOfEachForm, AreAdoptedAndServed) {
  const std::string table = std::get<0>(GetParam());
  const std::string number = std::string(" ") + std::get<1>(GetParam());
  const bool with_numbers = std::get<2>(GetParam());
  test_database db;
  db.run("CREATE TABLE " + table + " (time TIMESTAMPTZ NOT NULL, symbol VARCHAR(20) NOT NULL, " +
         "open" + number + ", high" + number + ", low" + number + ", close" + number +
         ", volume" + number + (with_numbers ? ", sequence BIGINT" : "") + ")");
  const auto row = [&](int minute, const std::string& close, int upstreams) {
    db.run("INSERT INTO " + table + " VALUES (timestamptz '2024-08-08 14:00Z' + " +
           std::to_string(minute) + " * interval '1 minute', 'A', 0.1, 9, 0.1, " + close + ", 7.5" +
           (with_numbers ? ", " + std::to_string(upstreams) : "") + ")");
  };
  row(0, "0.3", 41);
  row(1, "0.5", 43); // newer by its number, older by its place
  row(1, "0.4", 42);

  EXPECT_TRUE(holds(migrated(db), "adopted " + table + ": 2 rows kept, 0 values rounded to 8 "
                                  "decimals, 1 rows that cannot be stored are in " +
                                      table + "_rejected"));
  EXPECT_EQ(db.value("SELECT string_agg(concat_ws(' ', interval, open, close, volume::float8, "
                     "sequence, epoch), '; ' ORDER BY time) FROM " +
                     table),
            with_numbers ? "1m 0.10000000 0.30000000 7.5 41; 1m 0.10000000 0.50000000 7.5 43"
                         : "1m 0.10000000 0.30000000 7.5; 1m 0.10000000 0.40000000 7.5");
  EXPECT_EQ(db.value("SELECT string_agg(format_type(atttypid, atttypmod), ' ' ORDER BY attname) "
                     "FROM pg_attribute WHERE attrelid = '" +
                     table + "'::regclass AND attname IN ('close', 'sequence', 'volume')"),
            "numeric(20,8) bigint numeric");

  history_store_postgres bars(db.settings("bars"), shared_watchdog());
  const auto page = bars.read_bars({{sym("A")}, kline_1m});
  ASSERT_TRUE(page) << page.failure().detail;
  ASSERT_EQ((*page)[0].bars.size(), 2U);
  EXPECT_EQ((*page)[0].bars[0].open.to_string(), "0.1");
  EXPECT_EQ((*page)[0].bars[1].close.to_string(), with_numbers ? "0.5" : "0.4");
  EXPECT_EQ((*page)[0].bars[1].volume, "7.5");

  source_store_postgres missed(db.settings("missed"), shared_watchdog());
  const auto numbers = missed.read({sym("A"), kline_interval::m1, 0, 99, 9});
  ASSERT_TRUE(numbers) << numbers.failure().detail;
  EXPECT_TRUE(numbers->known);
  ASSERT_EQ(numbers->klines.size(), with_numbers ? 3U : 0U);
  if (with_numbers) { // 42 could not be stored: it is not one that upstream left out
    EXPECT_EQ(numbers->klines[1].number, 42);
    EXPECT_FALSE(numbers->klines[1].value);
    EXPECT_TRUE(numbers->klines[2].value);
  }
  // Its program goes on.
  row(2, "0.6", 44);
  EXPECT_EQ((*bars.read_bars({{sym("A")}, kline_1m}))[0].bars.size(), 3U);
  EXPECT_EQ(missed.read({sym("A"), kline_interval::m1, 43, 99, 9})->klines.size(),
            with_numbers ? 1U : 0U);
}

std::string form(const testing::TestParamInfo<KlinesOfEachForm::ParamType>& info) {
  return std::string(std::get<0>(info.param)) + "_" +
         std::string(std::get<1>(info.param)).substr(0, 4) +
         (std::get<2>(info.param) ? "_WithNumbers" : "_WithoutNumbers");
}

INSTANTIATE_TEST_SUITE_P(Tables, KlinesOfEachForm,
                         testing::Combine(testing::Values("market_klines", "klines"),
                                          testing::Values("DOUBLE PRECISION", "REAL", "NUMERIC",
                                                          "DECIMAL(20,8)"),
                                          testing::Bool()),
                         form);

} // namespace
} // namespace tradepulse
