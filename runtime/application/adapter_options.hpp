#pragma once

#include <string>
#include <vector>

#include "adapters/kafka/options.hpp"
#include "adapters/postgres/settings.hpp"
#include "adapters/web/limits.hpp"
#include "runtime/config/settings.hpp"

// The configuration in the words of each adapter.
namespace tradepulse {

kafka::connection_options kafka_connection(const config::kafka_settings& from);
kafka::consumer_options kafka_consumer(const config::settings& from);
postgres_settings postgres_connection(const config::postgres_settings& from);
web::connection_limits web_limits(const config::settings& from);

// Names and globs, in the order of the configuration.
std::vector<std::string> topic_names(const config::settings& from);

// The entry of `topics` that a topic was subscribed by: its exact name first, then the first glob.
const config::topic_settings* topic_entry(const config::settings& from, std::string_view topic);

// What the topic says of missed klines; as_bars where there is nothing of that length.
missed_klines_from missed_from(const config::settings& from, const config::topic_settings& topic,
                               kline_interval interval);

// Whether `*` of the glob can stand for the rest of the text.
bool glob_matches(std::string_view glob, std::string_view text);

} // namespace tradepulse
