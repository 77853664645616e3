// Bars of tables that another program made, for a role that owns nothing: what docs/history.md
// grants, and what is said where a part of it is missing.
#include <gtest/gtest.h>

#include "adapters/postgres/history_store_postgres.hpp"
#include "adapters/postgres/table_rights.hpp"
#include "protocol/log.hpp"
#include "tests/adapters/postgres/support/kinds.hpp"
#include "tests/adapters/postgres/support/settled_names.hpp"

namespace tradepulse {
namespace {

using namespace test;

class BarsRights : public testing::Test, public log::sink {
 protected:
  ~BarsRights() override {
    log::set_sink(nullptr, log::level::off);
    if (!role.empty())
      db.run("DROP OWNED BY " + role + "; DROP ROLE " + role);
  }
  void write(log::level, std::string_view event,
             std::initializer_list<log::field> fields) override {
    if (event == "bars_unreadable")
      for (const auto& each : fields)
        said += std::string(each.key) + "=" + each.value + "\n";
  }
  // A bar of A at two o'clock.
  void table(const std::string& name) {
    db.run("CREATE TABLE " + name +
           " (time TIMESTAMPTZ, symbol TEXT, open NUMERIC, high NUMERIC, low NUMERIC, close "
           "NUMERIC); INSERT INTO " +
           name + " VALUES ('2024-08-08 14:00Z', 'A', 1, 9, 1, 2)");
  }
  // The page's block; `kept` is the table that klines are written to.
  void grant(const std::string& kept) {
    role = db.name() + "_writer";
    db.run("CREATE ROLE " + role + " LOGIN PASSWORD 'of the test'");
    also("SELECT ON tradepulse_migrations");
    also("SELECT, INSERT, UPDATE ON price_snapshots, ingest_offsets, stream_positions, "
         "stream_sources, candle_states, candles, journal_streams, journal_partitions, "
         "journal_leaves");
    also("SELECT, INSERT ON journal_prices, journal_trades, journal_klines, journal_quotes, "
         "journal_candles");
    also("SELECT ON adopted_names, adopted_klines");
    also("SELECT, INSERT, UPDATE ON " + kept + ", sequence_tracker");
    also("USAGE ON SEQUENCE tradepulse_tracker_ids");
  }
  void also(const std::string& what) { db.run("GRANT " + what + " TO " + role); }
  postgres_settings settings() {
    auto out = db.settings("as-role");
    out.url += " user=" + role + " password='of the test'";
    return out;
  }
  // The closes of A.
  std::string bars() {
    history_store_postgres store(settings(), shared_watchdog());
    const auto page = store.read_bars({{sym("A")}, kline_1m});
    if (!page)
      return page.failure().detail;
    std::string out;
    for (const auto& each : (*page)[0].bars)
      out += each.close.to_string() + " ";
    return out;
  }
  // What the start says; `W` stands for the role.
  std::string told() {
    said.clear();
    log::set_sink(this, log::level::warning);
    const auto checked = check_table_rights(settings(), journal_kinds::all());
    log::set_sink(nullptr, log::level::off);
    EXPECT_TRUE(checked) << checked.failure().detail;
    for (auto at = said.find(role); at != std::string::npos; at = said.find(role))
      said.replace(at, role.size(), "W");
    return said;
  }

  test_database db;
  std::string role;
  std::string said;
};

TEST_F(BarsRights, OnWhatWasPutAsideAreToldWhereTheyAreMissing) {
  table("market_klines");
  table("klines");
  ASSERT_TRUE(holds(migrated(db, {"market_klines", "klines"}), "replaced "));
  grant("market_klines_tradepulse");
  EXPECT_TRUE(bars().starts_with("PostgreSQL: SQLSTATE 42501"));
  EXPECT_EQ(told(), "role=W\nmissing=SELECT on market_klines_before_tradepulse; SELECT on "
                    "klines_before_tradepulse\neffect=/bars and /api/v3/klines answer 500 for "
                    "every symbol\ncommand=GRANT SELECT ON market_klines_before_tradepulse TO W; "
                    "GRANT SELECT ON klines_before_tradepulse TO W;\n");
  also("SELECT ON market_klines_before_tradepulse, klines_before_tradepulse");
  EXPECT_EQ(told(), "");
  EXPECT_EQ(bars(), "2 ");
}

TEST_F(BarsRights, OnATableThatWasAdoptedBesideOursAreToldWhereTheyAreMissing) {
  table("klines");
  ASSERT_TRUE(holds(migrated(db), "adopted klines"));
  grant("market_klines");
  EXPECT_TRUE(bars().starts_with("PostgreSQL: SQLSTATE 42501"));
  EXPECT_EQ(told(), "role=W\nmissing=SELECT on klines\neffect=/bars and /api/v3/klines answer 500 "
                    "for every symbol\ncommand=GRANT SELECT ON klines TO W;\n");
  also("SELECT ON klines");
  EXPECT_EQ(told(), "");
  EXPECT_EQ(bars(), "2 ");
}

TEST_F(BarsRights, AreEnoughWhereNothingStood) {
  db.migrate();
  grant("market_klines");
  EXPECT_EQ(told(), "");
  EXPECT_EQ(bars(), "");
}

TEST_F(BarsRights, AreEnoughOverATableThatWasAdopted) {
  table("market_klines");
  ASSERT_TRUE(holds(migrated(db), "adopted market_klines"));
  grant("market_klines");
  EXPECT_EQ(told(), "");
  EXPECT_EQ(bars(), "2 ");
}

} // namespace
} // namespace tradepulse
