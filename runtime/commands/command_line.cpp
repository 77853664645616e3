#include "runtime/commands/command_line.hpp"

#include <sstream>
#include <utility>

#include <CLI/CLI.hpp>

#include "runtime/commands/command_options.hpp"
#include "runtime/commands/exit_code.hpp"

namespace tradepulse {
namespace {

constexpr auto exit_codes = "Exit status:\n"
                            "  0   clean\n"
                            "  64  the command line\n"
                            "  69  a dependency is missing: Kafka or PostgreSQL\n"
                            "  70  an internal fault\n"
                            "  78  the configuration\n";

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
    add(app_, "version", "Print the version, the build and the libraries", version_,
        "  tradepulse version\n");
    add_engine();
    add_journal();
    add_offsets();
    add_feeds();
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
  void add(CLI::App& parent, const char* name, const char* what, Options& options,
           const char* examples) {
    auto& app = *parent.add_subcommand(name, what);
    app.footer(std::string("Examples:\n") + examples);
    app.callback([this, &options] { chosen_ = options; });
    add_options(app, options);
  }

  void add_engine() {
    add(app_, "serve", "Run the engine until SIGTERM or SIGINT", serve_,
        "  tradepulse serve --config my.conf\n"
        "  tradepulse serve --config my.conf --set kafka.brokers=kafka:9092 "
        "--set client.port=8081\n");
    add(app_, "check-config", "Judge a configuration without starting anything", check_config_,
        "  tradepulse check-config --config my.conf\n"
        "  tradepulse check-config --config my.conf --print\n");
    add(app_, "migrate", "Bring the schema of PostgreSQL up to date", migrate_,
        "  tradepulse migrate --config my.conf\n"
        "  POSTGRES_HOST=db tradepulse migrate --config "
        "config/profiles/snapshot-service.conf\n");
  }

  void add_journal() {
    auto& journal = *app_.add_subcommand("journal", "Look after the journal of events");
    journal.require_subcommand(1);
    add(journal, "trim",
        "Take days away that are beyond journal.retention, as serve does by itself", journal_trim_,
        "  tradepulse journal trim --config my.conf --dry-run\n"
        "  tradepulse journal trim --config my.conf --set journal.retention.price=30d\n");
  }

  void add_offsets() {
    auto& offsets = *app_.add_subcommand("offsets", "Look at stored positions, or move them");
    offsets.require_subcommand(1);
    add(offsets, "show", "Print the stored position of each partition", offsets_show_,
        "  tradepulse offsets show --config my.conf\n");
    add(offsets, "set", "Move the stored position of a partition; begins a new epoch", offsets_set_,
        "  tradepulse offsets set --config my.conf price-ticks 0 1200\n"
        "  tradepulse offsets set --config my.conf price-ticks 0 earliest --force\n");
    add(offsets, "clear-unordered",
        "Take the mark `unordered` from a symbol, or from all: its producers key by it now",
        offsets_clear_unordered_, "  tradepulse offsets clear-unordered --config my.conf AAPL\n");
  }

  void add_feeds() {
    add(app_, "replay", "Produce a recording of Binance's combined streams to Kafka", replay_,
        "  tradepulse replay spot_btcusdt.gz --topic binance --speed max\n"
        "  tradepulse replay usdm_btcusdt.gz --topic binance --speed 10 "
        "--symbol-suffix .P\n");
    auto& feed = *app_.add_subcommand("feed", "Produce a market to Kafka");
    feed.require_subcommand(1);
    add(feed, "synthetic", "Seeded random walks as price ticks", feed_synthetic_,
        "  tradepulse feed synthetic\n"
        "  tradepulse feed synthetic --symbols 500 --rate 20000 --duration 1m\n"
        "  tradepulse feed synthetic --seed 7 --count 100000 --rate max "
        "--start-time 2024-08-08T00:00:00Z\n");
    add(app_, "embedded-log",
        "Run a Kafka-compatible log in memory, on loopback, for trying things out", embedded_log_,
        "  tradepulse embedded-log --topic price-ticks:4\n"
        "  tradepulse embedded-log --topic a:2 --topic b --port-file /tmp/log.port\n");
  }

  CLI::App app_{
      "TradePulse: Kafka in, exact and durable prices in PostgreSQL, REST and WebSocket out",
      "tradepulse"};
  command chosen_ = version_options{};
  serve_options serve_;
  check_config_options check_config_;
  migrate_options migrate_;
  journal_trim_options journal_trim_;
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
