#include "runtime/commands/command_options.hpp"

#include <utility>

#include <CLI/CLI.hpp>

#include "protocol/identifiers.hpp"
#include "runtime/commands/values.hpp"

namespace tradepulse {
namespace {

using namespace commands;

// Hands the value of an option to a parser of ours and keeps what it returns.
template <class Target, class Parse>
auto parsed_into(Target& target, Parse parse) {
  return [&target, parse](const std::string& text) {
    auto value = parse(text);
    if (!value)
      throw CLI::ValidationError(value.failure().detail);
    target = std::move(*value);
  };
}

// The same for an option that may be given several times.
template <class Item, class Parse>
auto parsed_onto(std::vector<Item>& target, Parse parse) {
  return [&target, parse](const std::vector<std::string>& texts) {
    for (const auto& text : texts) {
      auto value = parse(text);
      if (!value)
        throw CLI::ValidationError(value.failure().detail);
      target.push_back(std::move(*value));
    }
  };
}

void add_configuration(CLI::App& app, std::string& file, std::vector<std::string>& overrides) {
  app.add_option("--config", file,
                 "Configuration file (HOCON); config/reference.conf names every key")
      ->type_name("FILE")
      ->required();
  app.add_option_function<std::vector<std::string>>(
         "--set",
         [&overrides](const std::vector<std::string>& texts) {
           for (const auto& text : texts) {
             if (auto pair = parse_assignment(text); !pair)
               throw CLI::ValidationError("--set " + pair.failure().detail);
             overrides.push_back(text);
           }
         },
         "A key of the configuration, stronger than the file; may be repeated")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
}

void add_target(CLI::App& app, log_target& target) {
  app.add_option("--brokers", target.brokers, "Kafka, HOST:PORT[,HOST:PORT]...")
      ->type_name("LIST")
      ->envname("KAFKA_BROKERS")
      ->capture_default_str();
  app.add_option_function<std::vector<std::string>>(
         "--property", parsed_onto(target.properties, parse_assignment),
         "A property of librdkafka (security.protocol=SASL_SSL, ...); may be repeated")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
}

} // namespace

// --- the engine and its database ---------------------------------------------------------------

void add_options(CLI::App& app, serve_options& into) {
  add_configuration(app, into.config, into.overrides);
}

void add_options(CLI::App& app, check_config_options& into) {
  add_configuration(app, into.config, into.overrides);
  app.add_flag("--print", into.print,
               "Print the effective configuration, each value with where it comes from");
}

void add_options(CLI::App& app, migrate_options& into) {
  add_configuration(app, into.config, into.overrides);
}

void add_options(CLI::App& app, journal_trim_options& into) {
  add_configuration(app, into.config, into.overrides);
  app.add_flag("--dry-run", into.dry_run, "Print what would go, and take nothing away");
}

void add_options(CLI::App& app, offsets_show_options& into) {
  add_configuration(app, into.config, into.overrides);
}

void add_options(CLI::App& app, offsets_set_options& into) {
  add_configuration(app, into.config, into.overrides);
  app.add_option_function<std::string>("TOPIC", parsed_into(into.source.topic, parse_topic))
      ->required();
  app.add_option("PARTITION", into.source.partition)->required()->check(CLI::NonNegativeNumber);
  app.add_option_function<std::string>("OFFSET", parsed_into(into.target, parse_offset_target),
                                       "An offset, earliest or latest")
      ->required();
  app.add_flag("--force", into.force,
               "Also while a process holds the claim, and to a number outside the log");
}

void add_options(CLI::App& app, offsets_clear_unordered_options& into) {
  add_configuration(app, into.config, into.overrides);
  app.add_option_function<std::string>("SYMBOL", parsed_into(into.which, symbol::parse));
}

// --- what produces to Kafka, and a log for it --------------------------------------------------

void add_options(CLI::App& app, replay_options& into) {
  app.add_option("FILE", into.file, "Lines of <nanoseconds> <JSON>, gzip or plain")->required();
  app.add_option_function<std::string>("--topic", parsed_into(into.target.topic, parse_topic),
                                       "Topic")
      ->type_name("NAME")
      ->required();
  app.add_option_function<std::string>("--speed", parsed_into(into.speed, parse_rate),
                                       "Times the recording's own pace, or max [1]")
      ->type_name("N|max");
  app.add_option_function<std::string>("--symbol-suffix",
                                       parsed_into(into.symbol_suffix, parse_suffix),
                                       "Put behind each symbol, to keep two markets apart")
      ->type_name("TEXT");
  add_target(app, into.target);
}

void add_options(CLI::App& app, feed_synthetic_options& into) {
  into.target.topic = "price-ticks";
  app.add_option("--symbols", into.symbols, "How many: SIM001, SIM002, ...")
      ->check(CLI::Range(std::size_t{1}, std::size_t{1'000'000}))
      ->capture_default_str();
  app.add_option_function<std::string>("--rate", parsed_into(into.rate, parse_rate),
                                       "Ticks a second, or max [1000]")
      ->type_name("N|max");
  app.add_option("--seed", into.seed, "The same seed gives the same market")->capture_default_str();
  app.add_option_function<std::string>("--duration", parsed_into(into.duration, parse_duration),
                                       "End after so long (20s, 5m) [without end]")
      ->type_name("TIME");
  app.add_option_function<std::uint64_t>(
         "--count", [&into](const std::uint64_t& count) { into.count = count; },
         "End after so many ticks [without end]")
      ->check(CLI::PositiveNumber);
  app.add_option_function<std::string>(
         "--start-time", parsed_into(into.start_time, parse_time),
         "Event time of the first tick, ISO-8601 or ms since 1970; the "
         "others follow at the rate [each tick: now]")
      ->type_name("TIME");
  app.add_option_function<std::string>("--topic", parsed_into(into.target.topic, parse_topic),
                                       "Topic [price-ticks]")
      ->type_name("NAME");
  add_target(app, into.target);
}

void add_options(CLI::App& app, embedded_log_options& into) {
  app.add_option_function<std::vector<std::string>>(
         "--topic", parsed_onto(into.topics, parse_topic_layout), "A topic; may be repeated")
      ->type_name("NAME[:PARTITIONS]")
      ->allow_extra_args(false)
      ->required();
  app.add_option("--port-file", into.port_file, "Write the port number there")->type_name("FILE");
  app.add_flag("--die-with-parent", into.die_with_parent,
               "End also when the process that started this one ends");
}

void add_options(CLI::App&, version_options&) {}

} // namespace tradepulse
