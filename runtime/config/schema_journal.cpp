#include <array>

#include "runtime/config/schema_binding.hpp"
#include "runtime/config/schema_tables.hpp"

namespace tradepulse::config::tables {
namespace {

constexpr std::int64_t shortest_ms = 86'400'000;     // a day
constexpr std::int64_t longest_ms = 864'000'000'000; // 10,000 of them

constexpr auto rows = std::to_array<schema_row>({
    {.name = "journal.streams",
     .type = value_type::text_list,
     .fallback = R"(["price", "trade", "kline", "candle"])",
     .max = 10,
     .choices = "price|trade|quote|kline|candle",
     .help = "Kinds of streams of which every event is kept, in the transaction that stores its "
             "position; kline and candle stand for all intervals. []: none; what a client missed "
             "can then come from memory alone.",
     .store = &store_in<&settings::journal, &journal_settings::streams>},
    {.name = "journal.retention.price",
     .type = value_type::duration,
     .fallback = "7d",
     .min = shortest_ms,
     .max = longest_ms,
     .choices = "forever",
     .help = "How long events of price streams are kept, by the time of their commit. Whole days "
             "(UTC) go, each a day after all of it has become older. Needs a role that owns the "
             "journal, as the one that has migrated does.",
     .store = &store_in<&settings::journal, &journal_settings::retention,
                        &journal_retention_settings::price>},
    {.name = "journal.retention.trade",
     .type = value_type::duration,
     .fallback = "forever",
     .min = shortest_ms,
     .max = longest_ms,
     .choices = "forever",
     .help = "The same of trade streams.",
     .store = &store_in<&settings::journal, &journal_settings::retention,
                        &journal_retention_settings::trade>},
    {.name = "journal.retention.quote",
     .type = value_type::duration,
     .fallback = "7d",
     .min = shortest_ms,
     .max = longest_ms,
     .choices = "forever",
     .help = "The same of quote streams.",
     .store = &store_in<&settings::journal, &journal_settings::retention,
                        &journal_retention_settings::quote>},
    {.name = "journal.retention.kline",
     .type = value_type::duration,
     .fallback = "forever",
     .min = shortest_ms,
     .max = longest_ms,
     .choices = "forever",
     .help = "The same of kline streams, all intervals.",
     .store = &store_in<&settings::journal, &journal_settings::retention,
                        &journal_retention_settings::kline>},
    {.name = "journal.retention.candle",
     .type = value_type::duration,
     .fallback = "forever",
     .min = shortest_ms,
     .max = longest_ms,
     .choices = "forever",
     .help = "The same of candle streams, all intervals.",
     .store = &store_in<&settings::journal, &journal_settings::retention,
                        &journal_retention_settings::candle>},
    {.name = "klines.missed_numbers",
     .type = value_type::choice,
     .fallback = "engine",
     .choices = "source|engine",
     .help = "By which numbers clients ask for klines that they missed (GET "
             "/api/v1/klines/missed), and which ones market_klines has. source: those that "
             "upstream has sent, messages without one are left out. engine: those of the stream's "
             "current epoch. Candles have the engine's in any case.",
     .store = &store_in<&settings::klines, &kline_settings::missed_numbers>},
});

} // namespace

std::span<const schema_row> journal() {
  return rows;
}

} // namespace tradepulse::config::tables
