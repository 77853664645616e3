#include "adapters/postgres/table_rights.hpp"

#include <gtest/gtest.h>

#include "protocol/log.hpp"
#include "tests/adapters/postgres/support/test_database.hpp"

namespace tradepulse {
namespace {

using test::test_database;

class TableRights : public testing::Test, public log::sink {
 protected:
  TableRights() {
    db.migrate();
    role = db.name() + "_writer";
    db.run("CREATE ROLE " + role + " LOGIN PASSWORD 'of the test'");
    log::set_sink(this, log::level::warning);
  }
  ~TableRights() override {
    log::set_sink(nullptr, log::level::off);
    db.run("DROP OWNED BY " + role + "; DROP ROLE " + role);
  }
  void write(log::level, std::string_view event,
             std::initializer_list<log::field> fields) override {
    said += std::string(event);
    for (const auto& each : fields)
      said += " " + std::string(each.key) + "=" + each.value;
  }
  void grant(const std::string& what) { db.run("GRANT " + what + " TO " + role); }
  void grant_positions() {
    grant("SELECT, INSERT, UPDATE ON price_snapshots, ingest_offsets, stream_positions, "
          "stream_sources, candle_states, candles, journal_streams, journal_partitions, "
          "journal_leaves");
    grant("SELECT ON adopted_names, adopted_klines");
  }
  result<void> check(journal_kinds kept) {
    auto settings = db.settings();
    settings.url += " user=" + role + " password='of the test'";
    return check_table_rights(settings, kept);
  }
  // Of the error, without the role's name.
  std::string lacks(journal_kinds kept) {
    const auto checked = check(kept);
    if (checked)
      return "nothing";
    EXPECT_EQ(checked.failure().code, errc::configuration);
    std::string out = checked.failure().detail;
    for (auto at = out.find(role); at != std::string::npos; at = out.find(role))
      out.replace(at, role.size(), "W");
    return out;
  }

  test_database db;
  std::string role;
  std::string said;
};

TEST_F(TableRights, AreEnoughForWhoeverMigrated) {
  const auto checked = check_table_rights(db.settings(), journal_kinds::all());
  EXPECT_TRUE(checked) << checked.failure().detail;
  EXPECT_EQ(said, "");
}

TEST_F(TableRights, AreEnoughAsTheyAreDocumented) {
  grant_positions();
  grant("SELECT, INSERT ON journal_prices, journal_trades, journal_klines, journal_quotes, "
        "journal_candles");
  EXPECT_EQ(lacks(journal_kinds::all()), "nothing");
  EXPECT_EQ(said, "");
}

TEST_F(TableRights, ThatAreMissingAreNamedWithTheStatementThatGrantsThem) {
  grant_positions();
  grant("SELECT, INSERT ON journal_prices, journal_klines");
  db.run("REVOKE UPDATE, INSERT ON stream_positions FROM " + role);
  EXPECT_EQ(lacks({event_kind::price, event_kind::trade, event_kind::kline}),
            "the database's role W lacks INSERT, UPDATE on stream_positions; INSERT on "
            "journal_trades: let the owner of the tables run GRANT INSERT, UPDATE ON "
            "stream_positions TO W; GRANT INSERT ON journal_trades TO W;");
}

TEST_F(TableRights, AreNotAskedForOnTablesThatAreNotUsed) {
  grant("SELECT, INSERT, UPDATE ON price_snapshots, ingest_offsets, stream_positions, "
        "candle_states, candles");
  grant("SELECT, INSERT ON stream_sources");
  EXPECT_EQ(lacks({}), "nothing");
  EXPECT_EQ(
      lacks({event_kind::price}),
      "the database's role W lacks SELECT, INSERT, UPDATE on journal_streams; SELECT, INSERT, "
      "UPDATE on journal_partitions; INSERT on journal_leaves; INSERT on journal_prices: let "
      "the owner of the tables run GRANT SELECT, INSERT, UPDATE ON journal_streams TO W; "
      "GRANT SELECT, INSERT, UPDATE ON journal_partitions TO W; GRANT INSERT ON "
      "journal_leaves TO W; GRANT INSERT ON journal_prices TO W;");
}

TEST_F(TableRights, ThatOnlyReadingTakesAreMissedWithAWarning) {
  grant_positions();
  grant("INSERT ON journal_prices, journal_trades");
  grant("SELECT ON journal_trades");
  EXPECT_EQ(lacks({event_kind::price, event_kind::trade}), "nothing");
  EXPECT_EQ(said, "journal_unreadable role=" + role +
                      " missing=SELECT on journal_prices effect=what clients have missed cannot be "
                      "read command=GRANT SELECT ON journal_prices TO " +
                      role + ";");
}

TEST_F(TableRights, ThatBarsTakeAreMissedWithAWarning) {
  grant_positions();
  db.run("REVOKE SELECT ON adopted_names FROM " + role);
  EXPECT_EQ(lacks({}), "nothing");
  EXPECT_EQ(said, "bars_unreadable role=" + role +
                      " missing=SELECT on adopted_names effect=/bars and /api/v3/klines answer 500 "
                      "for every symbol command=GRANT SELECT ON adopted_names TO " +
                      role + ";");
}

TEST_F(TableRights, AreNotJudgedWhereTheDatabaseDoesNotAnswer) {
  auto settings = db.settings();
  settings.url += " port=1 host=127.0.0.1";
  const auto checked = check_table_rights(settings, {});
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.failure().code, errc::database_unavailable);
}

} // namespace
} // namespace tradepulse
