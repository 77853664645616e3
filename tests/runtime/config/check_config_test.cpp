#include <gtest/gtest.h>

#include <set>

#include "runtime/config/print.hpp"
#include "runtime/config/schema.hpp"
#include "tests/runtime/config/support.hpp"

namespace tradepulse::config {
namespace {

using namespace std::chrono_literals;

class CheckConfig : public testing::Test {
 protected:
  std::string faults(const std::string& text, std::vector<std::string> overrides = {},
                     variables values = {}) {
    return faults_of(folder, load_text(folder, text, std::move(overrides), std::move(values)));
  }
  settings good(const std::string& text, std::vector<std::string> overrides = {},
                variables values = {}) {
    auto loaded = load_text(folder, text, std::move(overrides), std::move(values));
    EXPECT_EQ(faults_of(folder, loaded), "(no fault)");
    return loaded ? loaded->values : settings{};
  }
  std::string warnings(const std::string& text) {
    auto loaded = load_text(folder, text);
    EXPECT_EQ(faults_of(folder, loaded), "(no fault)");
    std::string all;
    if (loaded)
      for (const std::string& line : loaded->warnings)
        all += (all.empty() ? "" : "\n") + line;
    std::string cut = folder.file("");
    for (std::size_t at = all.find(cut); at != std::string::npos; at = all.find(cut, at))
      all.erase(at, cut.size());
    return all;
  }

  scratch_folder folder;
};

TEST_F(CheckConfig, NeedsNoFile) {
  auto loaded = load("", {}, environment{});
  ASSERT_TRUE(loaded.has_value());
  EXPECT_TRUE(loaded->warnings.empty());
  const settings& s = loaded->values;
  EXPECT_FALSE(s.node.id.empty());
  EXPECT_EQ(s.log.level, log::level::info);
  EXPECT_EQ(s.log.format, log_format::key_value);
  EXPECT_EQ(s.log.file, "");
  EXPECT_EQ(to_string(s.kafka.brokers), "localhost:9092");
  EXPECT_EQ(s.kafka.group_id, "tradepulse");
  EXPECT_EQ(s.kafka.client_id, "tradepulse");
  EXPECT_EQ(s.kafka.group_instance_id, "");
  EXPECT_EQ(s.kafka.session_timeout, 6s);
  EXPECT_EQ(s.kafka.heartbeat_interval, 2s);
  EXPECT_EQ(s.kafka.metadata_refresh, 2s);
  EXPECT_EQ(s.kafka.fetch_wait_max, 10ms);
  EXPECT_EQ(s.kafka.prefetch, 64'000'000U);
  EXPECT_EQ(s.kafka.start, log_start::earliest);
  EXPECT_EQ(s.kafka.on_replaced_log, replaced_log_policy::stop);
  EXPECT_EQ(s.kafka.identity_check_interval, 5s);
  EXPECT_EQ(s.kafka.partition_assignment_strategy, "range");
  EXPECT_EQ(s.kafka.dead_letter.on_failure, dead_letter_failure::pause);
  EXPECT_EQ(s.kafka.dead_letter.timeout, 30s);
  EXPECT_TRUE(s.kafka.properties.empty());
  ASSERT_EQ(s.topics.size(), 1U);
  EXPECT_EQ(s.topics[0].name, "price-ticks");
  EXPECT_EQ(s.topics[0].decoder, topic_decoder::price_ticks);
  EXPECT_EQ(s.ingest.max_ahead, 1h);
  EXPECT_EQ(s.ingest.max_record_bytes, 65'536U);
  EXPECT_EQ(s.ingest.credit_events, 1'000'000U);
  EXPECT_EQ(s.ingest.credit_bytes, 256'000'000U);
  EXPECT_EQ(s.ingest.batch_records, 4'096U);
  EXPECT_EQ(s.symbols.ring, 1'024U);
  EXPECT_EQ(s.symbols.max_unknown, 100'000U);
  EXPECT_EQ(s.symbols.failures, 3U);
  EXPECT_EQ(s.symbols.failure_window, 1min);
  EXPECT_EQ(s.limits.message_bytes, 65'536U);
  EXPECT_EQ(s.limits.subscriptions, 10'000U);
  EXPECT_EQ(s.limits.outbound_queue, 1'000'000U);
  EXPECT_EQ(s.limits.recoveries, 10'000U);
  EXPECT_EQ(s.recovery.timeout, 30s);
  EXPECT_EQ(s.heartbeat.interval, 30s);
  EXPECT_EQ(s.heartbeat.timeout, 60s);
  EXPECT_TRUE(s.cors.origins.empty());
  EXPECT_EQ(s.admin.token, "");
  EXPECT_EQ(s.runtime.workers, 0U);
  EXPECT_EQ(s.startup.timeout, 0s);
  EXPECT_EQ(s.shutdown.deadline, 10s);
}

TEST_F(CheckConfig, HasTheDefaultsOfPostgres) {
  const postgres_settings p = default_settings().postgres;
  EXPECT_EQ(p.url, "");
  EXPECT_EQ(p.host, "localhost");
  EXPECT_EQ(p.port, "5432");
  EXPECT_EQ(p.database, "tradepulse");
  EXPECT_EQ(p.user, "tradepulse");
  EXPECT_EQ(p.password, "");
  EXPECT_EQ(p.target_session_attrs, "read-write");
  EXPECT_EQ(p.max_connections, 20U);
  EXPECT_EQ(p.writers, 2U);
  EXPECT_EQ(p.readers, 2U);
  EXPECT_FALSE(p.migrate);
  EXPECT_FALSE(p.snapshot_timestamp_index);
  EXPECT_TRUE(p.synchronous_commit);
  EXPECT_EQ(p.idle_in_transaction_session_timeout, 5s);
  EXPECT_EQ(p.watchdog, 5s);
  EXPECT_EQ(p.connect_timeout, 2s);
  EXPECT_EQ(p.max_retries, 3U);
  EXPECT_EQ(p.batch_size, 1'000U);
  EXPECT_EQ(p.flush_interval, 100ms);
}

TEST_F(CheckConfig, OpensTheTwoUsualListenersByDefault) {
  const settings s = good("client.port = 1234\nops.host = 0.0.0.0");
  ASSERT_EQ(s.listeners.size(), 2U);
  EXPECT_EQ(s.listeners[0].host, "0.0.0.0");
  EXPECT_EQ(s.listeners[0].port, 1234);
  EXPECT_TRUE(s.listeners[0].serves(service::rest));
  EXPECT_TRUE(s.listeners[0].serves(service::websocket));
  EXPECT_FALSE(s.listeners[0].serves(service::ops));
  EXPECT_EQ(s.listeners[0].websocket_paths, (std::vector<std::string>{"/", "/ws"}));
  EXPECT_EQ(s.listeners[1].host, "0.0.0.0");
  EXPECT_EQ(s.listeners[1].port, 9091);
  EXPECT_TRUE(s.listeners[1].serves(service::ops));
  EXPECT_FALSE(s.listeners[1].serves(service::rest));
}

TEST_F(CheckConfig, ReplacesThemByAListOfListeners) {
  const settings s = good("listeners = [{ port = 1, serves = [rest, ops] }, { port = 0, host = "
                          "\"::1\", serves = websocket, websocket_paths = [/x] }]");
  ASSERT_EQ(s.listeners.size(), 2U);
  EXPECT_EQ(s.listeners[0].port, 1);
  EXPECT_EQ(s.listeners[0].host, "0.0.0.0");
  EXPECT_EQ(s.listeners[1].host, "::1");
  EXPECT_EQ(s.listeners[1].websocket_paths, (std::vector<std::string>{"/x"}));
  EXPECT_EQ(faults("client.port = 8080\nlisteners = [{ port = 1, serves = ops }]"),
            "t.conf:1:15: client.port = 8080: has no effect while listeners is set (t.conf:2:13); "
            "change the port there");
}

TEST_F(CheckConfig, ReadsEveryKindOfValue) {
  const settings s = good(R"(
    kafka.brokers = "a:1, [::1]:2"
    cors.origins = ["https://x", "https://y"]
    log { level = debug, format = json, file = /tmp/x }
    postgres { host = "a,b", port = "5432,5433", migrate = on, flush_interval = 2 seconds }
    limits.outbound_queue = 2 MiB
    kafka.start = latest
    topics = [{ name = "market-data.*", decoder = market-price }]
    node.id = null
  )");
  EXPECT_EQ(s.kafka.brokers, (std::vector<endpoint>{{"a", 1}, {"::1", 2}}));
  EXPECT_EQ(s.cors.origins, (std::vector<std::string>{"https://x", "https://y"}));
  EXPECT_EQ(s.log.level, log::level::debug);
  EXPECT_EQ(s.log.format, log_format::json);
  EXPECT_EQ(s.log.file, "/tmp/x");
  EXPECT_EQ(s.postgres.host, "a,b");
  EXPECT_EQ(s.postgres.port, "5432,5433");
  EXPECT_TRUE(s.postgres.migrate);
  EXPECT_EQ(s.postgres.flush_interval, 2s);
  EXPECT_EQ(s.limits.outbound_queue, 2'097'152U);
  EXPECT_EQ(s.kafka.start, log_start::latest);
  EXPECT_TRUE(s.topics[0].is_glob());
  EXPECT_EQ(s.topics[0].decoder, topic_decoder::market_price);
  EXPECT_EQ(s.node.id, default_settings().node.id);
}

TEST_F(CheckConfig, PutsOverridesAtTheEnd) {
  const settings s =
      good("kafka { group_id = file, client_id = ${kafka.group_id} }",
           {"kafka.group_id=first", "kafka.group_id=second", "kafka.brokers=a:1,b:2",
            "cors.origins=[\"*\"]", "admin.token=", "postgres.user=${U}", "node.id=a = b # c"},
           {{"U", "me"}});
  EXPECT_EQ(s.kafka.group_id, "second");
  EXPECT_EQ(s.kafka.client_id, "second");
  EXPECT_EQ(s.kafka.brokers.size(), 2U);
  EXPECT_EQ(s.cors.origins, (std::vector<std::string>{"*"}));
  EXPECT_EQ(s.admin.token, "");
  EXPECT_EQ(s.postgres.user, "me");
  EXPECT_EQ(s.node.id, "a = b # c");
}

TEST_F(CheckConfig, SaysWhatIsWrongWithAnOverride) {
  EXPECT_EQ(faults("", {"ops.port"}), "--set ops.port: expected KEY=VALUE");
  EXPECT_EQ(faults("", {"ops.port=x"}),
            "--set ops.port: ops.port = \"x\": not an integer, allowed 0 .. 65535");
  EXPECT_EQ(faults("", {"ops.prot=1"}),
            "--set ops.prot: unknown key ops.prot, the nearest known one is ops.port");
  EXPECT_EQ(faults("", {"topics=[{]"}), "--set topics: expected a key, found \"]\"");
  EXPECT_EQ(faults("", {"topics=[] x]"}), "--set topics: unexpected \"]\" behind the value");
  EXPECT_EQ(faults("", {"a..b=1"}),
            "--set a..b: a key with an empty element; quote it if that is meant");
  EXPECT_EQ(faults("", {"=1"}), "--set : expected a key, found the end");
  EXPECT_EQ(faults("", {"topics=[{include \"x\"}]"}),
            "--set topics: an include is possible in a file only");
}

TEST_F(CheckConfig, NamesKeyValuePlaceAndRange) {
  EXPECT_EQ(faults("\n  ops.port = 70000"),
            "t.conf:2:14: ops.port = \"70000\": out of range, allowed 0 .. 65535");
  EXPECT_EQ(faults("ops.port = 4.5"),
            "t.conf:1:12: ops.port = \"4.5\": not an integer, allowed 0 .. 65535");
  EXPECT_EQ(faults("ops.metrics = maybe"), "t.conf:1:15: ops.metrics = \"maybe\": not a boolean, "
                                           "allowed true, false, yes, no, on, off");
  EXPECT_EQ(faults("kafka.start = middle"), "t.conf:1:15: kafka.start = \"middle\": not one of the "
                                            "choices, allowed earliest, latest");
  EXPECT_EQ(faults("shutdown.deadline = 1 fortnight"),
            "t.conf:1:21: shutdown.deadline = \"1 fortnight\": not a duration (a number alone in "
            "milliseconds, or with ms, s, m, h or d), allowed 1s .. 10m");
  EXPECT_EQ(faults("shutdown.deadline = 11 minutes"),
            "t.conf:1:21: shutdown.deadline = \"11 minutes\": out of range, allowed 1s .. 10m");
  EXPECT_EQ(faults("limits.header_bytes = 1KB"),
            "t.conf:1:23: limits.header_bytes = \"1KB\": not a size (a number alone in bytes, or "
            "with B, kB, MB, GB, KiB, MiB or GiB), allowed 1KiB .. 1MB");
  EXPECT_EQ(
      faults("kafka.brokers = localhost"),
      "t.conf:1:17: kafka.brokers = \"localhost\": \"localhost\" is not HOST:PORT with a port "
      "of 1 .. 65535");
  EXPECT_EQ(faults("kafka.brokers = []"),
            "t.conf:1:17: kafka.brokers = an array: 0 elements, allowed 1 .. 100 elements");
  EXPECT_EQ(faults("kafka.group_id = \"\""),
            "t.conf:1:18: kafka.group_id = \"\": empty, allowed 1 .. 200 bytes");
  EXPECT_EQ(faults("kafka.group_id = [x]"),
            "t.conf:1:18: kafka.group_id = an array: expected a single value, found an array, "
            "allowed 1 .. 200 bytes");
  EXPECT_EQ(faults("postgres.port = \"5432,x\""),
            "t.conf:1:17: postgres.port = \"5432,x\": not an integer, allowed 1 .. 65535");
  EXPECT_EQ(
      faults("cors.origins = [a, a]"),
      "t.conf:1:16: cors.origins = an array: \"a\" is there twice, allowed 0 .. 100 elements");
}

TEST_F(CheckConfig, NamesTheVariableThatIsWrong) {
  EXPECT_EQ(faults("ops.port = ${P}", {}, {{"P", "x"}}),
            "environment P (t.conf:1:12): ops.port = \"x\": not an integer, allowed 0 .. 65535");
}

TEST_F(CheckConfig, NamesTheNearestKnownKey) {
  EXPECT_EQ(faults("kafka { borkers = [] }"),
            "t.conf:1:19: unknown key kafka.borkers, the nearest known one is kafka.brokers");
  EXPECT_EQ(faults("postgress.user = x"),
            "t.conf:1:18: unknown key postgress.user, the nearest known one is postgres.user");
  EXPECT_EQ(faults("kafka.dead_letter.timeot = 1"), "t.conf:1:28: unknown key "
                                                    "kafka.dead_letter.timeot, the nearest known "
                                                    "one is kafka.dead_letter.timeout");
  EXPECT_EQ(faults("listeners = [{ prot = 1, port = 1, serves = ops }]"),
            "t.conf:1:23: unknown key listeners[0].prot, the nearest known one is "
            "listeners[0].port");
  EXPECT_EQ(faults("kafka = 5"), "t.conf:1:9: kafka = a single value: this is a section of keys: "
                                 "kafka { ... }");
  EXPECT_EQ(faults("ops.port.x = 5"), "t.conf:1:14: ops.port = an object: expected a single value, "
                                      "found an object, allowed 0 .. 65535");
}

TEST_F(CheckConfig, TellsAllFaultsAtOnce) {
  EXPECT_EQ(
      faults("ops.port = x\nclient.port = ${NO_SUCH}\nlog.level = loud\nfoo = 1"),
      "t.conf:2:15: ${NO_SUCH}: neither a key that the configuration sets (defaults cannot be "
      "referred to) nor an environment variable; ${?...} would make it optional\n"
      "t.conf:3:13: log.level = \"loud\": not one of the choices, allowed debug, info, "
      "warning, error, off\n"
      "t.conf:1:12: ops.port = \"x\": not an integer, allowed 0 .. 65535\n"
      "t.conf:4:7: unknown key foo, the nearest known one is topics");
}

TEST_F(CheckConfig, SaysWhatAnElementLacks) {
  EXPECT_EQ(faults("listeners = [{ serves = [rest, soap] }]"),
            "t.conf:1:14: listeners[0].port is missing, allowed 0 .. 65535\n"
            "t.conf:1:25: listeners[0].serves = an array: \"soap\" is not one of the choices, "
            "the nearest is ops, allowed rest, websocket, ops");
  EXPECT_EQ(faults("topics = [price-ticks]"),
            "t.conf:1:11: topics[0] = \"price-ticks\": expected an object");
  EXPECT_EQ(faults("topics = []"),
            "t.conf:1:10: topics = an array: 0 elements, allowed 1 .. 100 elements");
  EXPECT_EQ(faults("topics = price-ticks"), "t.conf:1:10: topics = \"price-ticks\": expected an "
                                            "array of objects, allowed 1 .. 100 elements");
}

TEST_F(CheckConfig, KeepsAllButQuotesUnlessTold) {
  for (const char* kind : {"price", "trade", "kline", "candle"})
    EXPECT_TRUE(good("").journal.keeps(kind)) << kind;
  EXPECT_FALSE(good("").journal.keeps("quote"));
  EXPECT_FALSE(good("journal.streams = []").journal.keeps("price"));
  EXPECT_FALSE(good("journal.streams = \"\"").journal.keeps("price")); // as a variable would say it
  EXPECT_TRUE(good("journal.streams = price").journal.keeps("price"));
  EXPECT_FALSE(good("journal.streams = price").journal.keeps("trade"));
  EXPECT_TRUE(good("journal.streams = [quote, kline]").journal.keeps("quote"));
}

TEST_F(CheckConfig, KeepsPricesAndQuotesForAWeekAndTheOthersForEverUnlessTold) {
  using std::chrono::days;
  const auto forever = journal_retention_settings::forever;
  const auto usual = good("").journal.retention;
  EXPECT_EQ(usual.price, days{7});
  EXPECT_EQ(usual.trade, forever);
  EXPECT_EQ(usual.quote, days{7});
  EXPECT_EQ(usual.kline, forever);
  EXPECT_EQ(usual.candle, forever);
  EXPECT_EQ(good("journal.retention { price = 30d }").journal.retention.price, days{30});
  EXPECT_EQ(good("journal.retention.price = 36h").journal.retention.price, std::chrono::hours{36});
  EXPECT_EQ(good("journal.retention.price = forever").journal.retention.price, forever);
  const auto told = good("journal.retention { trade = 1d, quote = forever, kline = 400d }");
  EXPECT_EQ(told.journal.retention.price, days{7});
  EXPECT_EQ(told.journal.retention.trade, days{1});
  EXPECT_EQ(told.journal.retention.quote, forever);
  EXPECT_EQ(told.journal.retention.kline, days{400});
}

TEST_F(CheckConfig, RefusesARetentionThatIsNone) {
  const std::string allowed = ", allowed 1d .. 10000d or forever";
  for (const std::string kind : {"price", "trade", "quote", "kline"}) {
    const auto key = "journal.retention." + kind;
    EXPECT_EQ(faults(key + " = 23h"), "t.conf:1:27: " + key + " = \"23h\": out of range" + allowed);
    EXPECT_EQ(faults(key + " = 10001d"),
              "t.conf:1:27: " + key + " = \"10001d\": out of range" + allowed);
    EXPECT_EQ(faults(key + " = 0"), "t.conf:1:27: " + key + " = \"0\": out of range" + allowed);
    const auto wrong = faults(key + " = Forever");
    EXPECT_TRUE(wrong.ends_with(allowed)) << wrong;
  }
  EXPECT_EQ(faults("journal.retention = 7d"),
            "t.conf:1:21: journal.retention = a single value: this is a section of keys: "
            "journal.retention { ... }");
}

TEST_F(CheckConfig, NamesTheKindsOfWhichTheRetentionCanBeSaid) {
  EXPECT_EQ(faults("journal.retention { trades = 7d }"),
            "t.conf:1:30: unknown key journal.retention.trades, the nearest known one is "
            "journal.retention.trade");
}

TEST_F(CheckConfig, TakesTheNumbersByWhichKlinesAreKnown) {
  EXPECT_EQ(good("").klines.missed_numbers, kline_numbers::engine);
  EXPECT_EQ(good("klines.missed_numbers = source").klines.missed_numbers, kline_numbers::source);
  EXPECT_EQ(faults("klines.missed_numbers = upstream"),
            "t.conf:1:25: klines.missed_numbers = \"upstream\": not one of the choices, "
            "allowed source, engine");
  EXPECT_EQ(warnings("klines.missed_numbers = source"), "");
  EXPECT_EQ(warnings("klines.missed_numbers = source\njournal.streams = [price]"),
            "t.conf:1:25: klines.missed_numbers = source: journal.streams does not name kline, so "
            "nobody can be told what was missed");
  EXPECT_FALSE(good("").postgres.sequence_tracker);
  EXPECT_TRUE(good("postgres.sequence_tracker = on").postgres.sequence_tracker);
}

TEST_F(CheckConfig, TakesTheTablesThatMakeRoom) {
  using names = std::vector<std::string>;
  EXPECT_EQ(good("").adopt.replace, names{});
  EXPECT_EQ(good("adopt.replace = [market_klines, klines]").adopt.replace,
            (names{"market_klines", "klines"}));
  EXPECT_EQ(good("adopt.replace = \"sequence_tracker,stock_trades_realtime\"").adopt.replace,
            (names{"sequence_tracker", "stock_trades_realtime"}));
  EXPECT_EQ(faults("adopt.replace = [kline]"),
            "t.conf:1:17: adopt.replace = an array: \"kline\" is not one of the choices, the "
            "nearest is klines, allowed market_klines, klines, sequence_tracker, "
            "stock_trades_realtime, stock_bars_staging");
}

TEST_F(CheckConfig, NamesTheNearestStreamWhereOneIsUnknown) {
  const std::string allowed = "allowed price, trade, quote, kline, candle";
  EXPECT_EQ(faults("journal.streams = [prices]"),
            "t.conf:1:19: journal.streams = an array: \"prices\" is not one of the choices, the "
            "nearest is price, " +
                allowed);
  EXPECT_EQ(faults("journal.streams = [price, price]"),
            "t.conf:1:19: journal.streams = an array: \"price\" is there twice, " + allowed);
  // Intervals are not chosen one by one.
  EXPECT_EQ(faults("journal.streams = [kline_1m]"),
            "t.conf:1:19: journal.streams = an array: \"kline_1m\" is not one of the choices, the "
            "nearest is kline, " +
                allowed);
}

TEST_F(CheckConfig, PassesPropertiesOnButNotThoseItNeedsItself) {
  const settings s =
      good("kafka.properties { security.protocol = SSL\n \"ssl.ca.location\" = /ca }");
  EXPECT_EQ(s.kafka.properties, (std::vector<std::pair<std::string, std::string>>{
                                    {"security.protocol", "SSL"}, {"ssl.ca.location", "/ca"}}));
  EXPECT_EQ(faults("kafka.properties { group.id = x }"),
            "t.conf:1:31: kafka.properties.group.id = \"x\": set kafka.group_id instead");
  EXPECT_EQ(faults("kafka.properties.enable.auto.commit = true"),
            "t.conf:1:39: kafka.properties.enable.auto.commit = \"true\": TradePulse sets this "
            "property itself, or records could be lost");
  EXPECT_EQ(faults("kafka.properties = 5"),
            "t.conf:1:20: kafka.properties = \"5\": expected an object");
}

TEST_F(CheckConfig, ComparesKeysWithEachOther) {
  EXPECT_EQ(faults("heartbeat.timeout = 10s"), "t.conf:1:21: heartbeat.timeout = 10s: must be more "
                                               "than heartbeat.interval = 30s");
  EXPECT_EQ(faults("heartbeat.interval = 2m"), "t.conf:1:22: heartbeat.timeout = 1m: must be more "
                                               "than heartbeat.interval = 2m");
  EXPECT_EQ(faults("postgres { writers = 8, max_connections = 4 }"),
            "t.conf:1:22: postgres.writers = 8: must be at most postgres.max_connections = 4");
  EXPECT_EQ(faults("postgres { readers = 3, max_connections = 2 }"),
            "t.conf:1:22: postgres.readers = 3: must be at most postgres.max_connections = 2");
  EXPECT_EQ(faults("kafka.heartbeat_interval = 6s"),
            "t.conf:1:28: kafka.heartbeat_interval = 6s: must be less than kafka.session_timeout = "
            "6s");
  EXPECT_EQ(faults("postgres.retry_min = 6s"),
            "t.conf:1:22: postgres.retry_min = 6s: must be at most postgres.retry_max = 5s");
  EXPECT_EQ(
      faults("shutdown.retry_after_max = 100ms"),
      "t.conf:1:28: shutdown.retry_after_min = 1s: must be at most shutdown.retry_after_max = "
      "100ms");
  EXPECT_EQ(
      faults("ingest.credit_events = 1000"),
      "t.conf:1:24: ingest.batch_records = 4096: must be at most ingest.credit_events = 1000");
  EXPECT_EQ(faults("limits.messages_burst = 10"),
            "t.conf:1:25: limits.messages_burst = 10: must be at least limits.messages_per_second "
            "= 100");
  good("limits { messages_burst = 10, messages_per_second = 0 }");
  EXPECT_EQ(faults("ops.metrics_path = metrics"),
            "t.conf:1:20: ops.metrics_path = \"metrics\": must begin with \"/\"");
}

TEST_F(CheckConfig, RefusesAPortThatIsUsedTwice) {
  EXPECT_EQ(faults("client.port = 9091"),
            "t.conf:1:15: ops.port = 9091: must be another than client.port = 9091");
  good("client { port = 9091, host = 127.0.0.2 }");
  good("client.port = 0, ops.port = 0");
  EXPECT_EQ(faults("listeners = [ { port = 7, serves = ops }, { port = 7, serves = rest } ]"),
            "t.conf:1:52: listeners[1].port = 7: used twice, also by listeners[0] (t.conf:1:24)");
}

TEST_F(CheckConfig, ChecksThePathsOfListeners) {
  EXPECT_EQ(
      faults("listeners = [{ port = 7, serves = [ops, websocket], websocket_paths = [] }]"),
      "t.conf:1:71: listeners[0].websocket_paths = []: a listener that serves websocket needs "
      "a path");
  EXPECT_EQ(faults("listeners = [{ port = 7, serves = [ops, websocket], websocket_paths = [ws] }]"),
            "t.conf:1:71: listeners[0].websocket_paths: \"ws\" must begin with \"/\"");
}

TEST_F(CheckConfig, ChecksTopics) {
  const std::string tail = ", decoder = price-ticks }";
  EXPECT_EQ(faults("topics = [{ name = \"a b\"" + tail + "]"),
            "t.conf:1:20: topics[0].name = \"a b\": not a topic, allowed A-Za-z0-9._- and * in a "
            "glob");
  EXPECT_EQ(faults("topics = [{ name = a" + tail + ", { name = a" + tail + "]"),
            "t.conf:1:57: topics[1].name = \"a\": there twice, also as topics[0] (t.conf:1:20)");
  EXPECT_EQ(faults("topics = [{ name = \"m.*\"" + tail + ", { name = a.dead-letter" + tail + "]"),
            "t.conf:1:61: topics[1].name = \"a.dead-letter\": a dead-letter topic cannot be read "
            "together with a glob, which never matches one");
  good("topics = [{ name = a.dead-letter" + tail + "]");
}

TEST_F(CheckConfig, WarnsOfTopicsThatFeedTheSameStream) {
  EXPECT_EQ(warnings("topics = [{ name = a, decoder = price-ticks }, { name = b, decoder = "
                     "market-price }]"),
            "t.conf:1:10: 2 topics feed the stream price: a symbol that comes from two of them "
            "changes its home again and again, loses its order and is marked unordered; give each "
            "symbol one topic");
  EXPECT_EQ(warnings("topics = [{ name = a, decoder = price-ticks }]"), "");
}

TEST_F(CheckConfig, KnowsTheDecoderOfTopicsByTheirName) {
  const auto decoder = [&](const std::string& name) {
    return good("topics = [{ name = \"" + name + "\" }]").topics.at(0).decoder;
  };
  EXPECT_EQ(decoder("price-ticks"), topic_decoder::price_ticks);
  EXPECT_EQ(decoder("stock-trades"), topic_decoder::stock_trades);
  EXPECT_EQ(decoder("stock-bars"), topic_decoder::stock_bars);
  EXPECT_EQ(decoder("market_data"), topic_decoder::binance_klines);
  EXPECT_EQ(decoder("klines"), topic_decoder::binance_klines);
  EXPECT_EQ(decoder("kline-1m"), topic_decoder::binance_klines);
  EXPECT_EQ(decoder("kline*"), topic_decoder::binance_klines);
  EXPECT_EQ(decoder("market-data.*"), topic_decoder::market_price);
  EXPECT_EQ(decoder("market-data.fx"), topic_decoder::market_price);
  // What is said wins.
  const settings s = good("topics = [{ name = stock-trades, decoder = price-ticks }, "
                          "{ name = stock-bars, decoder = by-name, interval = 5m }]");
  EXPECT_EQ(s.topics[0].decoder, topic_decoder::price_ticks);
  EXPECT_EQ(s.topics[1].decoder, topic_decoder::stock_bars);
}

TEST_F(CheckConfig, WantsADecoderForOtherNames) {
  const std::string why =
      ", allowed by-name, price-ticks, market-price, binance-stream, stock-trades, stock-bars, "
      "binance-klines";
  for (const std::string name : {"ticks", "Stock-trades", "market_data_2", "market-data", "*"})
    EXPECT_EQ(faults("topics = [{ name = \"" + name + "\" }]"),
              "t.conf:1:20: topics[0].decoder = by-name: nothing is known of a topic \"" + name +
                  "\"" + why);
  EXPECT_EQ(faults("topics = [{ name = x, decoder = by-name }]"),
            "t.conf:1:33: topics[0].decoder = by-name: nothing is known of a topic \"x\"" + why);
}

TEST_F(CheckConfig, ReadsTheOptionsOfADecoder) {
  const settings s = good("topics = [{ name = stock-bars, interval = 1M }, { name = b, "
                          "decoder = binance-stream, aggregate_trades = true }]");
  EXPECT_EQ(s.topics[0].interval, kline_interval::mo1);
  EXPECT_FALSE(s.topics[0].aggregate_trades);
  EXPECT_EQ(s.topics[1].interval, kline_interval::m1);
  EXPECT_TRUE(s.topics[1].aggregate_trades);
  EXPECT_FALSE(s.topics[1].own_sequence);
  EXPECT_TRUE(
      good("topics = [{ name = market_data, own_sequence = true }]").topics[0].own_sequence);
  EXPECT_EQ(faults("topics = [{ name = stock-bars, interval = 7m }]"),
            "t.conf:1:43: topics[0].interval = \"7m\": not one of the choices, allowed 1s, 1m, 3m, "
            "5m, 15m, 30m, 1h, 2h, 4h, 6h, 8h, 12h, 1d, 3d, 1w, 1M");
}

TEST_F(CheckConfig, RefusesOptionsThatADecoderDoesNotAskFor) {
  EXPECT_EQ(faults("topics = [{ name = stock-trades, interval = 5m }]"),
            "t.conf:1:45: topics[0].interval = 5m: has no effect on decoder = stock-trades, only "
            "on stock-bars");
  EXPECT_EQ(faults("topics = [{ name = market_data, aggregate_trades = true }]"),
            "t.conf:1:52: topics[0].aggregate_trades = true: has no effect on decoder = "
            "binance-klines, only on binance-stream");
  EXPECT_EQ(faults("topics = [{ name = stock-bars, own_sequence = true }]"),
            "t.conf:1:47: topics[0].own_sequence = true: has no effect on decoder = stock-bars, "
            "only on binance-klines");
  good("topics = [{ name = stock-trades, interval = 1m, aggregate_trades = false }]");
}

TEST_F(CheckConfig, TellsWhichStreamsTopicsShare) {
  const auto shared = [&](const std::string& topics) {
    const std::string all = warnings("topics = [" + topics + "]");
    std::string out; // of each line what stands in front of the explanation
    for (std::size_t from = 0; from < all.size();) {
      const auto end = std::min(all.find('\n', from), all.size());
      const std::string line = all.substr(from, end - from);
      out += (out.empty() ? "" : "; ") + line.substr(13, line.find(": a symbol") - 13);
      from = end + 1;
    }
    return out;
  };
  EXPECT_EQ(shared("{ name = price-ticks }, { name = market_data }, { name = stock-bars, "
                   "interval = 5m }"),
            "2 topics feed the stream kline_5m");
  EXPECT_EQ(shared("{ name = stock-trades }, { name = stock-bars }"), "");
  EXPECT_EQ(shared("{ name = stock-trades }, { name = price-ticks }"),
            "2 topics feed the stream price");
  EXPECT_EQ(shared("{ name = stock-trades }, { name = b, decoder = binance-stream }"),
            "2 topics feed the streams price, trade");
  EXPECT_EQ(shared("{ name = a, decoder = binance-stream }, { name = b, decoder = "
                   "binance-stream }"),
            "2 topics feed the streams price, trade, quote, kline_<interval>");
  EXPECT_EQ(shared("{ name = stock-bars, interval = 5m }, { name = b, decoder = stock-bars }"), "");
  EXPECT_EQ(shared("{ name = stock-bars, interval = 5m }, { name = b, decoder = stock-bars, "
                   "interval = 5m }"),
            "2 topics feed the stream kline_5m");
  EXPECT_EQ(shared("{ name = klines }, { name = market_data }, { name = stock-bars }"),
            "2 topics feed the stream kline_<interval>; 3 topics feed the stream kline_1m");
}

TEST_F(CheckConfig, WarnsOfWhatIsAllowedAndUnwise) {
  EXPECT_EQ(
      warnings("postgres.statement_timeout = 0"),
      "t.conf:1:30: postgres.statement_timeout = 0: must be less than postgres.watchdog = 5s: "
      "a slow statement is cut with its connection");
  EXPECT_EQ(warnings("admin.token = hunter2"),
            "t.conf:1:15: admin.token is shorter than 16 bytes: it can be guessed");
  EXPECT_EQ(warnings("ingest { credit_events = 5000, batch_records = 10 }\npostgres.batch_size = "
                     "3000"),
            "t.conf:2:23: postgres.batch_size = 3000: never reached, a writer flushes at half of "
            "ingest.credit_events = 5000");
  EXPECT_EQ(warnings("kafka.heartbeat_interval = 3s"),
            "t.conf:1:28: kafka.heartbeat_interval = 3s: must be at most a third of "
            "kafka.session_timeout = 6s: one lost heartbeat could cost the partitions");
  EXPECT_EQ(warnings("listeners = [{ port = 1, serves = rest }]"),
            "t.conf:1:13: no listener serves ops: there are no metrics and no /admin");
}

TEST_F(CheckConfig, NeverShowsASecretInAnError) {
  const std::string token(1'025, 's');
  EXPECT_EQ(faults("admin.token = " + token + "\npostgres.password = [hush]"),
            "t.conf:2:21: postgres.password = an array: expected a single value, found an array, "
            "allowed 0 .. 1024 bytes\n"
            "t.conf:1:15: admin.token = \"***\": too long, allowed 0 .. 1024 bytes");
}

TEST_F(CheckConfig, ShortensALongValueInAnError) {
  EXPECT_EQ(faults("ops.port = " + std::string(200, '1')),
            "t.conf:1:12: ops.port = \"" + std::string(100, '1') +
                "...\": too large, allowed 0 .. 65535");
}

TEST(Schema, HasEachNameOnceWithHelpAndADefault) {
  std::set<std::string_view> names;
  for (const schema_section& section : schema())
    for (const schema_row& row : section.rows) {
      EXPECT_TRUE(names.insert(row.name).second) << row.name;
      EXPECT_FALSE(row.help.empty()) << row.name;
      EXPECT_TRUE(!row.fallback.empty() || !row.absent.empty()) << row.name;
      EXPECT_TRUE(row.store != nullptr || row.append != nullptr) << row.name;
      EXPECT_TRUE(row.type != value_type::integer || !row.unit.empty()) << row.name;
      EXPECT_TRUE(row.type == value_type::boolean || row.type == value_type::choice ||
                  row.max != unbounded)
          << row.name << " has no bound";
    }
  EXPECT_GT(names.size(), 80U);
}

TEST(Schema, KeepsTheOrderOfChoicesAndEnumerations) {
  auto level = [](const char* name) {
    return load("", std::vector{std::string("log.level=") + name}, environment{})->values.log.level;
  };
  EXPECT_EQ(level("debug"), log::level::debug);
  EXPECT_EQ(level("warning"), log::level::warning);
  EXPECT_EQ(level("error"), log::level::error);
  EXPECT_EQ(level("off"), log::level::off);
  auto with = [](std::string assignment) {
    return load("", std::vector{std::move(assignment)}, environment{})->values;
  };
  EXPECT_EQ(with("kafka.on_replaced_log=new_epoch").kafka.on_replaced_log,
            replaced_log_policy::new_epoch);
  EXPECT_EQ(with("kafka.dead_letter.on_failure=count").kafka.dead_letter.on_failure,
            dead_letter_failure::count);
  EXPECT_EQ(with("kafka.partition_assignment_strategy=cooperative-sticky")
                .kafka.partition_assignment_strategy,
            "cooperative-sticky");
  EXPECT_EQ(with("topics=[{name=x,decoder=binance-stream}]").topics[0].decoder,
            topic_decoder::binance_stream);
  EXPECT_EQ(with("topics=[{name=x,decoder=market-price}]").topics[0].decoder,
            topic_decoder::market_price);
  EXPECT_EQ(with("topics=[{name=x,decoder=stock-trades}]").topics[0].decoder,
            topic_decoder::stock_trades);
  EXPECT_EQ(with("topics=[{name=x,decoder=binance-klines}]").topics[0].decoder,
            topic_decoder::binance_klines);
  const std::string bars = "topics=[{name=x,decoder=stock-bars,interval=";
  EXPECT_EQ(with(bars + "1s}]").topics[0].interval, kline_interval::s1);
  EXPECT_EQ(with(bars + "30m}]").topics[0].interval, kline_interval::m30);
  EXPECT_EQ(with(bars + "1w}]").topics[0].interval, kline_interval::w1);
  EXPECT_EQ(with(bars + "1M}]").topics[0].interval, kline_interval::mo1);
}

} // namespace
} // namespace tradepulse::config
