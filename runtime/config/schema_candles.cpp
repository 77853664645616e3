#include <array>

#include "runtime/config/schema_binding.hpp"
#include "runtime/config/schema_tables.hpp"

namespace tradepulse::config::tables {
namespace {

using c = candle_settings;
constexpr std::int64_t second = 1'000;
constexpr std::int64_t hour = 3'600 * second;

template <auto Member>
constexpr auto here = &store_in<&settings::candles, Member>;

constexpr auto rows = std::to_array<schema_row>({
    {.name = "candles.intervals",
     .type = value_type::text_list,
     .fallback = R"(["1m", "5m", "15m", "1h", "4h", "1d"])",
     .min = 1,
     .max = 7,
     .choices = "1s|1m|5m|15m|1h|4h|1d",
     .help = "How long the candles are that are made of topics with candles.source; each is a "
             "stream candle_<interval> of its symbol. The numbers of candles follow from this "
             "section and the log: where something of it is changed, what is numbered from then "
             "on follows from the new values.",
     .store = here<&c::intervals>},
    {.name = "candles.grace",
     .type = value_type::duration,
     .fallback = "0ms",
     .max = hour,
     .help = "A candle closes at the first record of its partition that shows that the time of "
             "events is so far behind the candle's end. More: later closes, and fewer corrections "
             "by events that come late. At most candles.lateness.",
     .store = here<&c::grace>},
    {.name = "candles.lateness",
     .type = value_type::duration,
     .fallback = "1h",
     .max = 24 * hour,
     .help =
         "An event that comes so late still corrects its candle, if that is closed; a later one "
         "is journalled and counted and changes no candle. Closed candles are kept for "
         "corrections for so long: at most 3,600 of the shortest of candles.intervals.",
     .store = here<&c::lateness>},
    {.name = "candles.max_ahead",
     .type = value_type::duration,
     .fallback = "1s",
     .max = hour,
     .help = "How far the time of an event may run ahead of its Kafka record's own time and close "
             "candles: one producer with a wrong clock does not close the candles of all. At most "
             "ingest.max_ahead.",
     .store = here<&c::max_ahead>},
    {.name = "candles.idle_close",
     .type = value_type::duration,
     .fallback = "5s",
     .min = second,
     .max = hour,
     .help = "Where a whole partition has been silent for so long, by the wall clock, candles that "
             "are over are shown as provisional. They are numbered by the log alone.",
     .store = here<&c::idle_close>},
    {.name = "candles.fill",
     .type = value_type::boolean,
     .fallback = "false",
     .help = "Whether a time without events gets a candle too: flat at the last close, with a "
             "volume of 0.",
     .store = here<&c::fill>},
    {.name = "candles.fill_limit",
     .type = value_type::integer,
     .fallback = "1440",
     .unit = "candles",
     .min = 1,
     .max = 100'000,
     .help = "How many candles of one interval a silence gets at most with candles.fill: its last "
             "ones. That bounds what one record makes of each symbol, not of all symbols "
             "together: a record can end the silence of a whole partition.",
     .store = here<&c::fill_limit>},
});

} // namespace

std::span<const schema_row> candles() {
  return rows;
}

} // namespace tradepulse::config::tables
