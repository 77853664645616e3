// Trades, quotes and klines as they are read: pages, times, plans, leaves that go, what is trimmed.
#include <gtest/gtest.h>

#include "adapters/postgres/history_statements.hpp"
#include "adapters/postgres/history_store_postgres.hpp"
#include "adapters/postgres/journal_page.hpp"
#include "tests/adapters/postgres/support/kinds.hpp"
#include "tests/adapters/postgres/support/trimmed.hpp"
#include "tests/adapters/postgres/support/wire_proxy.hpp"

namespace tradepulse {
namespace {

using namespace test;

class KindsHistory : public testing::Test {
 protected:
  KindsHistory() {
    db.migrate();
    own(writer, part0);
  }

  // Events first..last of the trades (or klines) of A and as many prices, all committed together.
  void commit(const std::string& time, std::int64_t first, std::int64_t last,
              stream_kind kind = stream_kind::trade) {
    const auto count = last - first + 1;
    std::vector<journal_run> runs{ticks.run_of("A", 1, first, count, next_)};
    if (kind == stream_kind::trade) {
      runs.push_back(events.trades_of("A", 1, first, count, next_));
    } else {
      std::vector<logged_kline> klines;
      for (std::int64_t i = 0; i < count; ++i)
        klines.push_back(kline(next_ + i, 0, "1", "1"));
      runs.push_back(events.run("A", 1, first, std::move(klines), kind));
    }
    ASSERT_EQ(word(writer.commit(
                  journalled(range(part0, 1, next_, next_ + count,
                                   {row("A", 1, last, "1", 1), position("A", kind, 1, last, 1)}),
                             std::move(runs), at_time(time).time_since_epoch().count()))),
              "committed 2");
    next_ += count;
  }
  static history_query of(stream_kind kind, history_query query) {
    query.kind = kind;
    return query;
  }
  history_page page(stream_kind kind, const history_query& query) {
    auto read = reader.read(of(kind, query));
    EXPECT_TRUE(read) << read.failure().detail;
    return read ? *read : history_page{};
  }
  std::string read(stream_kind kind, const history_query& query) {
    return words(page(kind, query));
  }
  std::string trimmed(const std::string& now, std::vector<journal_rule> rules) {
    return words(journal_trimmer(db.settings("trim"), shared_watchdog()).trim(rules, at_time(now)));
  }
  std::string all_leaves() {
    return db.value("SELECT coalesce(string_agg(relname, ' ' ORDER BY relname), '') FROM pg_class "
                    "JOIN pg_inherits ON inhrelid = oid WHERE relkind = 'r'");
  }

  test_database db;
  kept_events ticks;
  kept_kinds events;
  range_store_postgres writer{db.settings("writer"), shared_watchdog()};
  history_store_postgres reader{db.settings("reader"), shared_watchdog()};

 private:
  std::int64_t next_ = 0;
};

TEST_F(KindsHistory, KindsOfASymbolAreReadApart) {
  commit("2024-08-01T12:00:00Z", 1, 5);
  commit("2024-08-02T12:00:00Z", 6, 8, kline_1m);
  const auto trades = page(stream_kind::trade, behind("A", pos(1, 2)));
  EXPECT_EQ(words(trades), "1/3..5");
  EXPECT_EQ(trades.bursts[0]->kind(), stream_kind::trade);
  EXPECT_EQ(trades.bursts[0]->symbol(), sym("A"));
  EXPECT_EQ(trades.bursts[0]->index(), stream_index{7});
  EXPECT_EQ(trades.bursts[0]->oldest_append(), at_time("2024-08-01T12:00:00Z"));
  EXPECT_EQ(trades.lowest, pos(1, 1));
  EXPECT_EQ(trades.highest, pos(1, 5));
  EXPECT_EQ(trades.committed, pos(1, 5));
  const auto klines = page(kline_1m, behind("A", pos(1, 0)));
  EXPECT_EQ(words(klines), "1/6..8");
  EXPECT_EQ(klines.lowest, pos(1, 6));
  EXPECT_EQ(klines.committed, pos(1, 8));
  EXPECT_EQ(read(stream_kind::price, behind("A", pos(1, 0))), "1/1..8");
  EXPECT_EQ(read(stream_kind::kline(kline_interval::m5), behind("A", pos(1, 0))), "");
  EXPECT_EQ(read(stream_kind::quote, behind("A", pos(1, 0))), "");
}

TEST_F(KindsHistory, APageHasAnEndAndSaysWhetherThereIsMore) {
  commit("2024-08-01T12:00:00Z", 1, 5);
  commit("2024-08-02T12:00:00Z", 6, 10);
  EXPECT_EQ(read(stream_kind::trade, behind("A", pos(1, 1), 6)), "1/2..7 more");
  EXPECT_EQ(read(stream_kind::trade, behind("A", pos(1, 1), 1000, pos(1, 7))), "1/2..7");
  db.run("DELETE FROM journal_trades WHERE seq IN (3, 4)");
  EXPECT_EQ(read(stream_kind::trade, behind("A", pos(1, 0))), "1/1..2 1/5..10");
}

TEST_F(KindsHistory, ATimeNamesTheLastEventThatWasCommittedBefore) {
  commit("2024-08-01T12:00:00Z", 1, 5);
  commit("2024-08-01T12:00:10Z", 6, 7);
  commit("2024-08-03T00:00:00Z", 8, 9);
  auto at = [&](const std::string& time) {
    auto query = behind("A", pos(0, 0));
    query.time = at_time(time);
    const auto got = page(stream_kind::trade, query);
    return words(got.after) + (got.older ? " older: " : ": ") + words(got);
  };
  EXPECT_EQ(at("2024-08-01T12:00:00Z"), "1/0: 1/1..9");
  EXPECT_EQ(at("2024-08-01T12:00:00.001Z"), "1/5: 1/6..9");
  EXPECT_EQ(at("2024-08-01T12:00:10.001Z"), "1/7: 1/8..9");
  EXPECT_EQ(at("2024-08-02T12:00:00Z"), "1/7: 1/8..9");
  EXPECT_EQ(at("2024-08-04T12:00:00Z"), "1/9: ");
}

TEST_F(KindsHistory, NamesALeafThatIsListedAndDoesNotExist) {
  commit("2024-08-01T12:00:00Z", 1, 5);
  db.run("DROP TABLE journal_trades_20240801");
  const auto failed = reader.read(of(stream_kind::trade, behind("A", pos(1, 0))));
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.failure().detail, "the journal of A/trade: journal_leaves names "
                                     "journal_trades_20240801, which does not exist");
  EXPECT_EQ(read(stream_kind::price, behind("A", pos(1, 0))), "1/1..5");
}

// ---- plans ---------------------------------------------------------------------------------

TEST_F(KindsHistory, ReadsALeafByItsIndexAndInTheIndexsOrder) {
  commit("2024-08-10T12:00:00Z", 1, 10);
  commit("2024-08-10T12:00:00Z", 11, 12, kline_1m);
  const auto text = connection_string(settings_of_journal_readers(db.settings("plans")));
  pqxx::connection connection(text.value());
  pqxx::nontransaction transaction(connection);
  auto plan = [&](const std::string& statement, const std::string& arguments) {
    transaction.exec("PREPARE asked AS " + statement);
    std::string out;
    for (const auto& each :
         transaction.exec("EXPLAIN (COSTS OFF) EXECUTE asked (" + arguments + ")"))
      out += each[0].as<std::string>() + "\n";
    transaction.exec("DEALLOCATE asked");
    return out;
  };
  const auto by_name = sql::leaf_access::by_name;
  for (const auto& [kind, table] : {std::pair{event_kind::trade, "journal_trades_20240810"},
                                    std::pair{event_kind::kline, "journal_klines_20240810"}}) {
    const std::string name = table;
    EXPECT_EQ(plan(sql::events_of_leaf("20240810", by_name, kind), "1, 1, 0, 100, 50"),
              "Limit\n  ->  Index Scan using " + name + "_position on " + name +
                  "\n        Index Cond: ((stream_id = $1) AND (epoch = $2) AND (seq > $3) AND "
                  "(seq <= $4))\n");
    EXPECT_EQ(plan(sql::last_of_leaf("20240810", by_name, kind), "1, 1"),
              "Limit\n  ->  Index Only Scan Backward using " + name + "_position on " + name +
                  "\n        Index Cond: ((stream_id = $1) AND (epoch = $2))\n");
  }
  // Upstream's own numbers are looked up in klines alone, by the second index.
  EXPECT_EQ(plan("SELECT seq FROM journal_klines_20240810 WHERE stream_id = $1 AND "
                 "source_sequence > $2 ORDER BY source_sequence LIMIT 10",
                 "1, 5"),
            "Limit\n  ->  Index Scan using journal_klines_20240810_source on "
            "journal_klines_20240810\n"
            "        Index Cond: ((stream_id = $1) AND (source_sequence > $2))\n");
}

TEST_F(KindsHistory, TouchesTheLeavesOfItsKindThatItNeedsAndNoOther) {
  for (int day = 10; day < 20; ++day)
    commit("2024-08-" + std::to_string(day) + "T12:00:00Z", day * 10 - 99, day * 10 - 90);
  db.run("SELECT pg_stat_force_next_flush()");
  db.run("SELECT pg_stat_reset()");
  auto touched = [this] {
    return db.value("SELECT coalesce(string_agg(relname || ':' || idx_scan || ':' || seq_scan, ' ' "
                    "ORDER BY relname), '') FROM pg_stat_user_tables WHERE relname ~ "
                    "'^journal_[a-z]+_[0-9]+$' AND idx_scan + seq_scan > 0");
  };
  {
    history_store_postgres once(db.settings("once"), shared_watchdog());
    EXPECT_EQ(words(once.read(of(stream_kind::trade, behind("A", pos(1, 33), 8))).value()),
              "1/34..41 more");
  }
  EXPECT_TRUE(eventually([&] { return db.backend_of("once") == "no row" && !touched().empty(); }));
  EXPECT_EQ(touched(), "journal_trades_20240813:1:0 journal_trades_20240814:1:0 "
                       "journal_trades_20240819:1:0");
}

// ---- who may read --------------------------------------------------------------------------

TEST_F(KindsHistory, AJournalThatIsGrantedLaterIsReadThroughItAndOthersByTheirLeaves) {
  commit("2024-08-01T12:00:00Z", 1, 5);
  const auto role = db.name() + "_reader";
  db.run("CREATE ROLE " + role + " LOGIN PASSWORD 'of the test'");
  db.run("GRANT SELECT ON journal_streams, journal_leaves, price_snapshots, stream_positions, "
         "journal_prices_20240801, journal_trades TO " +
         role);
  {
    auto settings = db.settings("as-role");
    settings.url += " user=" + role + " password='of the test'";
    history_store_postgres store(settings, shared_watchdog());
    EXPECT_EQ(words(store.read(of(stream_kind::trade, behind("A", pos(1, 0)))).value()), "1/1..5");
    EXPECT_EQ(words(store.read(behind("A", pos(1, 0))).value()), "1/1..5");
  }
  db.run("DROP OWNED BY " + role + "; DROP ROLE " + role);
}

// ---- stream_gaps ---------------------------------------------------------------------------

TEST_F(KindsHistory, GapsAreShownOfTheStreamsOfAllKinds) {
  commit("2024-08-01T12:00:00Z", 1, 5);
  commit("2024-08-02T12:00:00Z", 6, 8, kline_1m);
  commit("2024-08-02T12:00:00Z", 9, 9, stream_kind::kline(kline_interval::h1));
  auto gaps = [this](const std::string& where = "") {
    return db.value("SELECT string_agg(concat_ws(' ', symbol || '/' || stream, epoch, events, "
                    "min_seq, max_seq, gap_count), ', ' ORDER BY symbol, stream COLLATE \"C\") "
                    "FROM stream_gaps " +
                    where);
  };
  EXPECT_EQ(gaps(), "A/kline_1h 1 1 9 9 0, A/kline_1m 1 3 6 8 0, A/price 1 9 1 9 0, "
                    "A/trade 1 5 1 5 0");
  db.run(
      "DELETE FROM journal_trades WHERE seq IN (2, 3); DELETE FROM journal_klines WHERE seq = 7");
  EXPECT_EQ(gaps("WHERE symbol = 'A' AND stream = 'trade'"), "A/trade 1 3 1 5 2");
  EXPECT_EQ(gaps("WHERE stream = 'kline_1m'"), "A/kline_1m 1 2 6 8 1");
  // What retention is taking away is not there any more.
  db.run("DELETE FROM journal_leaves l USING journal_streams s WHERE s.stream_id = l.stream_id AND "
         "stream = 'trade'");
  EXPECT_EQ(gaps("WHERE stream = 'trade'"), "NULL");
}

// ---- retention -----------------------------------------------------------------------------

TEST_F(KindsHistory, EachKindHasARetentionOfItsOwn) {
  commit("2024-08-01T12:00:00Z", 1, 5);
  commit("2024-08-02T12:00:00Z", 6, 8);
  commit("2024-08-02T12:00:00Z", 9, 10, kline_1m);
  EXPECT_EQ(trimmed("2024-08-10T00:00:00Z", {{"trade", std::chrono::days{7}}}),
            "journal_trades_20240801; oldest 2024-08-02");
  EXPECT_EQ(all_leaves(), "journal_klines_20240802 journal_prices_20240801 "
                          "journal_prices_20240802 journal_trades_20240802");
  EXPECT_EQ(page(stream_kind::trade, behind("A", pos(1, 0))).lowest, pos(1, 6));
  EXPECT_EQ(page(stream_kind::price, behind("A", pos(1, 0))).lowest, pos(1, 1));
  EXPECT_EQ(trimmed("2024-08-11T00:00:00Z", {{"price", std::chrono::days{8}},
                                             {"trade", std::chrono::days{30}},
                                             {"quote", std::chrono::days{1}},
                                             {"kline", std::chrono::days{7}}}),
            "journal_prices_20240801 journal_klines_20240802; oldest 2024-08-02; oldest "
            "2024-08-02; oldest none; oldest none");
  EXPECT_EQ(all_leaves(), "journal_prices_20240802 journal_trades_20240802");
  // The klines' position stays, and so do the others' leaves in what is told.
  const auto klines = page(kline_1m, behind("A", pos(1, 0)));
  EXPECT_EQ(klines.lowest, pos(0, 0));
  EXPECT_EQ(klines.committed, pos(1, 10));
  EXPECT_EQ(db.value("SELECT string_agg(stream || ' ' || leaf, ', ' ORDER BY stream, leaf) FROM "
                     "journal_leaves JOIN journal_streams USING (stream_id)"),
            "price 2024-08-02, trade 2024-08-02");
}

TEST_F(KindsHistory, WhatStopsOneKindDoesNotStopTheOthers) {
  commit("2024-08-01T12:00:00Z", 1, 5);
  // Somebody reads a leaf of prices for a long time.
  db.run("BEGIN; SELECT count(*) FROM journal_prices_20240801");
  const std::vector<journal_rule> rules{{"price", std::chrono::days{1}},
                                        {"trade", std::chrono::days{1}}};
  auto done = journal_trimmer(db.settings("trim"), shared_watchdog())
                  .trim(rules, at_time("2024-08-10T00:00:00Z"));
  db.run("ROLLBACK");
  ASSERT_EQ(done.gone.size(), 1U);
  EXPECT_EQ(done.gone[0], (journal_trim::gone_leaf{"trade", "journal_trades_20240801"}));
  ASSERT_EQ(done.failures.size(), 1U);
  EXPECT_EQ(done.failures[0].code, errc::database_busy);
  done = journal_trimmer(db.settings("trim"), shared_watchdog())
             .trim(rules, at_time("2024-08-10T00:00:00Z"));
  EXPECT_EQ(words(done), "journal_prices_20240801; oldest none; oldest none");
}

} // namespace
} // namespace tradepulse
