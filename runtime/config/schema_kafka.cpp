#include <array>

#include "runtime/config/schema_binding.hpp"
#include "runtime/config/schema_tables.hpp"

namespace tradepulse::config::tables {
namespace {

using k = kafka_settings;
constexpr std::int64_t second = 1'000;
constexpr std::int64_t minute = 60 * second;
constexpr std::int64_t megabyte = 1'000'000;

template <auto Member>
constexpr auto here = &store_in<&settings::kafka, Member>;

constexpr auto rows = std::to_array<schema_row>({
    {.name = "kafka.brokers",
     .type = value_type::endpoints,
     .fallback = R"(["localhost:9092"])",
     .min = 1,
     .max = 100,
     .help = "Where to find the cluster; a few brokers of it are enough.",
     .store = here<&k::brokers>},
    {.name = "kafka.group_id",
     .type = value_type::text,
     .fallback = "tradepulse",
     .min = 1,
     .max = 200,
     .help = "The consumer group that shares the partitions among the processes of one service.",
     .store = here<&k::group_id>},
    {.name = "kafka.client_id",
     .type = value_type::text,
     .fallback = "tradepulse",
     .min = 1,
     .max = 100,
     .help = "The name under which brokers log and limit this process; keep it short.",
     .store = here<&k::client_id>},
    {.name = "kafka.group_instance_id",
     .type = value_type::text,
     .min = 1,
     .max = 200,
     .help = "Makes the process a static member of its group: a restart within the session timeout "
             "moves no partition. Must differ between processes.",
     .absent = "a dynamic member",
     .store = here<&k::group_instance_id>},
    {.name = "kafka.session_timeout",
     .type = value_type::duration,
     .fallback = "6s",
     .min = second,
     .max = 30 * minute,
     .help = "After this time without a heartbeat the group gives the partitions of a dead process "
             "to others. The brokers have bounds of their own (6s to 30m by default).",
     .store = here<&k::session_timeout>},
    {.name = "kafka.heartbeat_interval",
     .type = value_type::duration,
     .fallback = "2s",
     .min = 100,
     .max = 10 * minute,
     .help = "Time between heartbeats to the group; at most a third of kafka.session_timeout is "
             "good.",
     .store = here<&k::heartbeat_interval>},
    {.name = "kafka.partition_assignment_strategy",
     .type = value_type::choice,
     .fallback = "range",
     .choices = "range|roundrobin|cooperative-sticky",
     .help = "How the group shares partitions. cooperative-sticky is refused at start where the "
             "librdkafka that runs is older than 2.6.1, which may loop or crash with it.",
     .store = here<&k::partition_assignment_strategy>},
    {.name = "kafka.metadata_refresh",
     .type = value_type::duration,
     .fallback = "2s",
     .min = 100,
     .max = 60 * minute,
     .help = "How often new partitions, and new topics of a glob, are looked for.",
     .store = here<&k::metadata_refresh>},
    {.name = "kafka.fetch_wait_max",
     .type = value_type::duration,
     .fallback = "10ms",
     .max = 10 * second,
     .help = "How long a broker may hold a fetch that finds no data. Smaller: sooner and more "
             "requests.",
     .store = here<&k::fetch_wait_max>},
    {.name = "kafka.prefetch",
     .type = value_type::size,
     .fallback = "64MB",
     .min = megabyte,
     .max = 64'000 * megabyte,
     .help =
         "Records that librdkafka holds ahead, of all partitions together; each gets its share, "
         "at least 1 MB and at most 64 MB. Small records take several times their bytes.",
     .store = here<&k::prefetch>},
    {.name = "kafka.start",
     .type = value_type::choice,
     .fallback = "earliest",
     .choices = "earliest|latest",
     .help = "Where a partition that was never read begins. It is stored before the first record "
             "is used.",
     .store = here<&k::start>},
    {.name = "kafka.on_replaced_log",
     .type = value_type::choice,
     .fallback = "stop",
     .choices = "stop|new_epoch",
     .help = "What to do where a topic is not the one that was read before (made anew, another "
             "cluster, cut off). stop: that partition waits for `tradepulse offsets set`. "
             "new_epoch: it is read from its start, with new epochs.",
     .store = here<&k::on_replaced_log>},
    {.name = "kafka.identity_check_interval",
     .type = value_type::duration,
     .fallback = "5s",
     .min = 500,
     .max = 60 * minute,
     .help = "How often a partition that moved is checked for being the same log.",
     .store = here<&k::identity_check_interval>},
    {.name = "kafka.dead_letter.on_failure",
     .type = value_type::choice,
     .fallback = "pause",
     .choices = "pause|count",
     .help =
         "Where the dead-letter topic cannot be written. pause: the partition waits alone, with "
         "an alarm. count: the record is counted and given up.",
     .store = &store_in<&settings::kafka, &k::dead_letter, &dead_letter_settings::on_failure>},
    {.name = "kafka.dead_letter.timeout",
     .type = value_type::duration,
     .fallback = "30s",
     .min = 100,
     .max = 60 * minute,
     .help = "How long a dead letter may take to be confirmed before it counts as a failure.",
     .store = &store_in<&settings::kafka, &k::dead_letter, &dead_letter_settings::timeout>},
    {.name = "kafka.properties",
     .type = value_type::properties,
     .fallback = "{}",
     .max = 200,
     .help = "Further properties of librdkafka by their own names, for TLS and SASL: "
             "security.protocol = SASL_SSL. Those that have a key of their own here, or that "
             "decide about lost records, are refused. Values of names that hold password, secret, "
             "key, token or jaas are masked in what is printed.",
     .store = here<&k::properties>},
});

constexpr auto topic_rows = std::to_array<schema_row>({
    {.name = "name",
     .type = value_type::text,
     .min = 1,
     .max = 249,
     .help = "A topic, or a glob: market-data.* (in quotes). A glob never matches a topic that "
             "ends in .dead-letter.",
     .store = &store_in<&topic_settings::name>},
    {.name = "decoder",
     .type = value_type::choice,
     .fallback = "by-name",
     .choices = "by-name|price-ticks|market-price|binance-stream|stock-trades|stock-bars|"
                "binance-klines",
     .help = "price-ticks: {symbol, price, volume?, timestamp}. market-price: {type: market_price, "
             "market, price, timestamp}. binance-stream: frames of a combined stream; trades feed "
             "trade and price, book tickers quote, klines kline_<interval>. stock-trades: {symbol, "
             "price, size, timestamp, side?, trade_id? or id?, sequence?}, feed trade and price. "
             "stock-bars: {symbol, open, high, low, close, volume, timestamp, trade_count?, "
             "sequence?}, feed kline_<interval>. binance-klines: {e: kline, E, s, k, sequence?}, "
             "also in frames, feed kline_<interval>. by-name: the one of that name for the topics "
             "price-ticks, stock-trades and stock-bars; binance-klines for market_data and what "
             "begins with kline; market-price for what begins with market-data.",
     .store = &store_in<&topic_settings::decoder>},
    {.name = "interval",
     .type = value_type::choice,
     .fallback = "1m",
     .choices = "1s|1m|3m|5m|15m|30m|1h|2h|4h|6h|8h|12h|1d|3d|1w|1M",
     .help = "How long a bar of stock-bars is; it begins at its timestamp.",
     .store = &store_in<&topic_settings::interval>},
    {.name = "aggregate_trades",
     .type = value_type::boolean,
     .fallback = "false",
     .help = "Of binance-stream: aggTrade feeds trade and price in place of trade, which is "
             "skipped then, so that no trade counts twice.",
     .store = &store_in<&topic_settings::aggregate_trades>},
    {.name = "own_sequence",
     .type = value_type::boolean,
     .fallback = "false",
     .help = "Of binance-klines: sequence numbers the messages of one symbol and interval, so that "
             "numbers that never came are counted (tradepulse_source_sequence_missing_total). "
             "Otherwise several intervals or symbols may share the numbers, and none is.",
     .store = &store_in<&topic_settings::own_sequence>},
    {.name = "candles.source",
     .type = value_type::choice,
     .fallback = "none",
     .choices = "none|trade|price",
     .help = "Of which stream of this topic candles are made, as candles.* says: trade of "
             "binance-stream and stock-trades; price of these and of price-ticks and "
             "market-price. none: no candles of this topic.",
     .store = &store_in<&topic_settings::candles>},
    {.name = "missed_klines",
     .type = value_type::choice,
     .fallback = "as-bars",
     .choices = "as-bars|klines|candles",
     .help = "Of a topic with candles.source: what GET /api/v1/klines/missed answers with of its "
             "symbols. as-bars: what /bars has, klines of upstream where the symbol has some, else "
             "candles. klines: klines alone, in lengths that a topic brings. candles: candles, in "
             "the lengths of candles.intervals, also where there are klines.",
     .store = &store_in<&topic_settings::missed_klines>},
});

constexpr auto topics_row = std::to_array<schema_row>({
    {.name = "topics",
     .type = value_type::objects,
     .fallback = R"([{ name = "price-ticks", decoder = "price-ticks" }])",
     .min = 1,
     .max = 100,
     .help =
         "What is read, and how it is written there. Each stream of a symbol must come from one "
         "topic only, or it loses its order. An entry with the topic's own name decides before "
         "a glob, and the first glob that matches before later ones.",
     .element = topic_rows,
     .append = &append_to<&settings::topics>},
});

} // namespace

std::span<const schema_row> kafka() {
  return rows;
}
std::span<const schema_row> topics() {
  return topics_row;
}

} // namespace tradepulse::config::tables
