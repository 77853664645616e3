#include "runtime/commands/command_line.hpp"

#include <optional>
#include <sstream>
#include <utility>

#include <CLI/CLI.hpp>

#include "protocol/identifiers.hpp"
#include "runtime/commands/exit_code.hpp"
#include "runtime/commands/values.hpp"

namespace tradepulse {
namespace {

using namespace commands;

constexpr auto exit_codes = "Exit status:\n"
                            "  0   clean\n"
                            "  64  the command line\n"
                            "  69  a dependency is missing: Kafka or PostgreSQL\n"
                            "  70  an internal fault\n"
                            "  78  the configuration\n";

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

// The option structs of all commands, and which of them was chosen.
class reader {
 public:
  reader() {
    app_.require_subcommand(1);
    app_.set_help_flag("-h,--help", "Print this and end");
    app_.set_help_all_flag("--help-all", "Print the help of every command and end");
    app_.footer(std::string("Examples:\n"
                            "  tradepulse serve --config config/profiles/snapshot-service.conf\n"
                            "  tradepulse check-config --config my.conf --print\n"
                            "  tradepulse COMMAND --help\n\n") +
                exit_codes);
    add_version();
    add_serve();
    add_check_config();
    add_migrate();
    add_offsets();
    add_replay();
    add_feed();
    add_embedded_log();
  }

  std::variant<command, nothing_to_run> read(int argc, const char* const* argv) {
    try {
      app_.parse(argc, argv);
    } catch (const CLI::Success& asked) { // --help
      std::ostringstream out;
      app_.exit(asked, out, out);
      return nothing_to_run{0, out.str(), {}};
    } catch (const CLI::ParseError& wrong) {
      return nothing_to_run{
          static_cast<int>(exit_code::usage), {}, "tradepulse: " + reason(wrong) + "\n" + hint()};
    }
    return std::move(chosen_);
  }

 private:
  // The innermost command that was named, and its name with those before it.
  std::pair<const CLI::App*, std::string> innermost() const {
    std::pair<const CLI::App*, std::string> out(&app_, "tradepulse");
    for (auto inner = app_.get_subcommands(); !inner.empty(); inner = out.first->get_subcommands())
      out = {inner.front(), out.second + " " + inner.front()->get_name()};
    return out;
  }

  // CLI11 says "A subcommand is required" of a misspelt one.
  std::string reason(const CLI::ParseError& wrong) const {
    const auto unknown = innermost().first->remaining();
    if (dynamic_cast<const CLI::RequiredError*>(&wrong) && !unknown.empty())
      return "\"" + unknown.front() + "\" is not known here; " + wrong.what();
    return wrong.what();
  }

  std::string hint() const { return "Try: " + innermost().second + " --help\n"; }

  template <class Options>
  CLI::App& add(CLI::App& parent, const char* name, const char* what, const Options& options,
                const char* examples) {
    auto& app = *parent.add_subcommand(name, what);
    app.footer(std::string("Examples:\n") + examples);
    app.callback([this, &options] { chosen_ = options; });
    return app;
  }

  void add_serve() {
    auto& app = add(app_, "serve", "Run the engine until SIGTERM or SIGINT", serve_,
                    "  tradepulse serve --config my.conf\n"
                    "  tradepulse serve --config my.conf --set kafka.brokers=kafka:9092 "
                    "--set client.port=8081\n");
    add_configuration(app, serve_.config, serve_.overrides);
  }

  void add_check_config() {
    auto& app =
        add(app_, "check-config", "Judge a configuration without starting anything", check_config_,
            "  tradepulse check-config --config my.conf\n"
            "  tradepulse check-config --config my.conf --print\n");
    add_configuration(app, check_config_.config, check_config_.overrides);
    app.add_flag("--print", check_config_.print,
                 "Print the effective configuration, each value with where it comes from");
  }

  void add_migrate() {
    auto& app = add(app_, "migrate", "Bring the schema of PostgreSQL up to date", migrate_,
                    "  tradepulse migrate --config my.conf\n"
                    "  POSTGRES_HOST=db tradepulse migrate --config "
                    "config/profiles/snapshot-service.conf\n");
    add_configuration(app, migrate_.config, migrate_.overrides);
  }

  void add_offsets() {
    auto& offsets = *app_.add_subcommand("offsets", "Look at stored positions, or move them");
    offsets.require_subcommand(1);
    auto& show = add(offsets, "show", "Print the stored position of each partition", offsets_show_,
                     "  tradepulse offsets show --config my.conf\n");
    add_configuration(show, offsets_show_.config, offsets_show_.overrides);

    auto& set = add(offsets, "set", "Move the stored position of a partition; begins a new epoch",
                    offsets_set_,
                    "  tradepulse offsets set --config my.conf price-ticks 0 1200\n"
                    "  tradepulse offsets set --config my.conf price-ticks 0 earliest --force\n");
    add_configuration(set, offsets_set_.config, offsets_set_.overrides);
    set.add_option_function<std::string>("TOPIC",
                                         parsed_into(offsets_set_.source.topic, parse_topic))
        ->required();
    set.add_option("PARTITION", offsets_set_.source.partition)
        ->required()
        ->check(CLI::NonNegativeNumber);
    set.add_option_function<std::string>("OFFSET",
                                         parsed_into(offsets_set_.target, parse_offset_target),
                                         "An offset, earliest or latest")
        ->required();
    set.add_flag("--force", offsets_set_.force,
                 "Also while a process holds the claim, and to a number outside the log");

    auto& clear = add(
        offsets, "clear-unordered",
        "Take the mark `unordered` from a symbol, or from all: its producers key by it now",
        offsets_clear_unordered_, "  tradepulse offsets clear-unordered --config my.conf AAPL\n");
    add_configuration(clear, offsets_clear_unordered_.config, offsets_clear_unordered_.overrides);
    clear.add_option_function<std::string>(
        "SYMBOL", parsed_into(offsets_clear_unordered_.which, symbol::parse));
  }

  void add_replay() {
    auto& app =
        add(app_, "replay", "Produce a recording of Binance's combined streams to Kafka", replay_,
            "  tradepulse replay spot_btcusdt.gz --topic binance --speed max\n"
            "  tradepulse replay usdm_btcusdt.gz --topic binance --speed 10 "
            "--symbol-suffix .P\n");
    app.add_option("FILE", replay_.file, "Lines of <nanoseconds> <JSON>, gzip or plain")
        ->required();
    app.add_option_function<std::string>("--topic", parsed_into(replay_.target.topic, parse_topic),
                                         "Topic")
        ->type_name("NAME")
        ->required();
    app.add_option_function<std::string>("--speed", parsed_into(replay_.speed, parse_rate),
                                         "Times the recording's own pace, or max [1]")
        ->type_name("N|max");
    app.add_option_function<std::string>("--symbol-suffix",
                                         parsed_into(replay_.symbol_suffix, parse_suffix),
                                         "Put behind each symbol, to keep two markets apart")
        ->type_name("TEXT");
    add_target(app, replay_.target);
  }

  void add_feed() {
    auto& feed = *app_.add_subcommand("feed", "Produce a market to Kafka");
    feed.require_subcommand(1);
    auto& app = add(feed, "synthetic", "Seeded random walks as price ticks", feed_synthetic_,
                    "  tradepulse feed synthetic\n"
                    "  tradepulse feed synthetic --symbols 500 --rate 20000 --duration 1m\n"
                    "  tradepulse feed synthetic --seed 7 --count 100000 --rate max "
                    "--start-time 2024-08-08T00:00:00Z\n");
    auto& o = feed_synthetic_;
    o.target.topic = "price-ticks";
    app.add_option("--symbols", o.symbols, "How many: SIM001, SIM002, ...")
        ->check(CLI::Range(std::size_t{1}, std::size_t{1'000'000}))
        ->capture_default_str();
    app.add_option_function<std::string>("--rate", parsed_into(o.rate, parse_rate),
                                         "Ticks a second, or max [1000]")
        ->type_name("N|max");
    app.add_option("--seed", o.seed, "The same seed gives the same market")->capture_default_str();
    app.add_option_function<std::string>("--duration", parsed_into(o.duration, parse_duration),
                                         "End after so long (20s, 5m) [without end]")
        ->type_name("TIME");
    app.add_option_function<std::uint64_t>(
           "--count", [&o](const std::uint64_t& count) { o.count = count; },
           "End after so many ticks [without end]")
        ->check(CLI::PositiveNumber);
    app.add_option_function<std::string>(
           "--start-time", parsed_into(o.start_time, parse_time),
           "Event time of the first tick, ISO-8601 or ms since 1970; the "
           "others follow at the rate [each tick: now]")
        ->type_name("TIME");
    app.add_option_function<std::string>("--topic", parsed_into(o.target.topic, parse_topic),
                                         "Topic [price-ticks]")
        ->type_name("NAME");
    add_target(app, o.target);
  }

  void add_embedded_log() {
    auto& app = add(app_, "embedded-log",
                    "Run a Kafka-compatible log in memory, on loopback, for trying things out",
                    embedded_log_,
                    "  tradepulse embedded-log --topic price-ticks:4\n"
                    "  tradepulse embedded-log --topic a:2 --topic b --port-file /tmp/log.port\n");
    app.add_option_function<std::vector<std::string>>(
           "--topic", parsed_onto(embedded_log_.topics, parse_topic_layout),
           "A topic; may be repeated")
        ->type_name("NAME[:PARTITIONS]")
        ->allow_extra_args(false)
        ->required();
    app.add_option("--port-file", embedded_log_.port_file, "Write the port number there")
        ->type_name("FILE");
    app.add_flag("--die-with-parent", embedded_log_.die_with_parent,
                 "End also when the process that started this one ends");
  }

  void add_version() {
    add(app_, "version", "Print the version, the build and the libraries", version_,
        "  tradepulse version\n");
  }

  CLI::App app_{
      "TradePulse: Kafka in, exact and durable prices in PostgreSQL, REST and WebSocket out",
      "tradepulse"};
  command chosen_ = version_options{};
  serve_options serve_;
  check_config_options check_config_;
  migrate_options migrate_;
  offsets_show_options offsets_show_;
  offsets_set_options offsets_set_;
  offsets_clear_unordered_options offsets_clear_unordered_;
  replay_options replay_;
  feed_synthetic_options feed_synthetic_;
  embedded_log_options embedded_log_;
  version_options version_;
};

} // namespace

std::variant<command, nothing_to_run> read_command_line(int argc, const char* const* argv) {
  return reader().read(argc, argv);
}

std::string command_line_library_version() {
  return "CLI11 " CLI11_VERSION;
}

} // namespace tradepulse
