#include "runtime/commands/command_line.hpp"

#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tradepulse {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class CommandLine : public testing::Test {
 protected:
  void SetUp() override { ::unsetenv("KAFKA_BROKERS"); }

  static auto read(std::vector<const char*> words) {
    words.insert(words.begin(), "tradepulse");
    return read_command_line(static_cast<int>(words.size()), words.data());
  }
  template <class Options>
  static Options chosen(std::vector<const char*> words) {
    auto outcome = read(std::move(words));
    if (const auto* nothing = std::get_if<nothing_to_run>(&outcome)) {
      ADD_FAILURE() << nothing->errors << nothing->output;
      return {};
    }
    const auto& picked = std::get<command>(outcome);
    EXPECT_TRUE(std::holds_alternative<Options>(picked)) << "command " << picked.index();
    const auto* options = std::get_if<Options>(&picked);
    return options ? *options : Options{};
  }
  // The error text of a command line that is refused with the status for usage.
  static std::string refused(std::vector<const char*> words) {
    auto outcome = read(std::move(words));
    const auto* nothing = std::get_if<nothing_to_run>(&outcome);
    if (!nothing) {
      ADD_FAILURE() << "was not refused";
      return {};
    }
    EXPECT_EQ(nothing->exit_status, 64);
    EXPECT_EQ(nothing->output, "");
    return nothing->errors;
  }
};

TEST_F(CommandLine, ServeTakesAFileAndOverrides) {
  const auto o = chosen<serve_options>(
      {"serve", "--config", "a.conf", "--set", "kafka.brokers=k:9092", "--set", "x.y=[a,b]"});
  EXPECT_EQ(o.config, "a.conf");
  EXPECT_THAT(o.overrides, ElementsAre("kafka.brokers=k:9092", "x.y=[a,b]"));
}

TEST_F(CommandLine, ServeWantsAFile) {
  const auto why = refused({"serve"});
  EXPECT_THAT(why, HasSubstr("tradepulse: --config is required"));
  EXPECT_THAT(why, HasSubstr("Try: tradepulse serve --help"));
}

TEST_F(CommandLine, AnOverrideIsAKeyAndAValue) {
  EXPECT_THAT(refused({"serve", "--config", "a", "--set", "novalue"}),
              HasSubstr("--set \"novalue\": not KEY=VALUE"));
}

TEST_F(CommandLine, CheckConfigPrintsOnlyWhenAsked) {
  EXPECT_FALSE(chosen<check_config_options>({"check-config", "--config", "a"}).print);
  EXPECT_TRUE(chosen<check_config_options>({"check-config", "--config", "a", "--print"}).print);
}

TEST_F(CommandLine, JournalTrimTakesDaysAwayUnlessItIsToLook) {
  EXPECT_FALSE(chosen<journal_trim_options>({"journal", "trim", "--config", "a.conf"}).dry_run);
  EXPECT_TRUE(
      chosen<journal_trim_options>({"journal", "trim", "--config", "a.conf", "--dry-run"}).dry_run);
  EXPECT_THAT(refused({"journal"}), HasSubstr("A subcommand is required"));
  EXPECT_THAT(refused({"journal", "trim"}), HasSubstr("--config"));
}

TEST_F(CommandLine, OffsetsSetTakesATopicAPartitionAndAPlace) {
  const auto at =
      chosen<offsets_set_options>({"offsets", "set", "--config", "a", "price-ticks", "3", "1200"});
  EXPECT_EQ(at.source, (topic_partition{"price-ticks", 3}));
  EXPECT_EQ(at.target.where, commands::offset_target::place::at);
  EXPECT_EQ(at.target.offset, 1200);
  EXPECT_FALSE(at.force);
  const auto earliest = chosen<offsets_set_options>(
      {"offsets", "set", "t", "0", "earliest", "--force", "--config", "a"});
  EXPECT_EQ(earliest.target.where, commands::offset_target::place::earliest);
  EXPECT_TRUE(earliest.force);
}

TEST_F(CommandLine, OffsetsSetRefusesWhatIsNoPlace) {
  EXPECT_THAT(refused({"offsets", "set", "--config", "a", "t", "0", "end"}),
              HasSubstr("\"end\": not an offset (0 or more), earliest or latest"));
  refused({"offsets", "set", "--config", "a", "t", "0"});
  refused({"offsets", "set", "--config", "a", "t", "-1", "5"});
  refused({"offsets", "set", "--config", "a", "t", "0", "-5"});
  refused({"offsets", "set", "--config", "a", "t t", "0", "5"});
  EXPECT_THAT(refused({"offsets"}), HasSubstr("Try: tradepulse offsets --help"));
}

TEST_F(CommandLine, ReplayHasItsOptions) {
  const auto o = chosen<replay_options>({"replay", "f.gz", "--topic", "binance", "--speed", "2.5",
                                         "--symbol-suffix", ".P", "--brokers", "k1:1,k2:2",
                                         "--property", "security.protocol=SSL"});
  EXPECT_EQ(o.file, "f.gz");
  EXPECT_EQ(o.target.topic, "binance");
  EXPECT_EQ(o.speed, 2.5);
  EXPECT_EQ(o.symbol_suffix, ".P");
  EXPECT_EQ(o.target.brokers, "k1:1,k2:2");
  EXPECT_THAT(o.target.properties, ElementsAre(std::pair("security.protocol", "SSL")));
}

TEST_F(CommandLine, ReplayPlaysAtTheRecordingsOwnPaceUnlessTold) {
  EXPECT_EQ(chosen<replay_options>({"replay", "f", "--topic", "t"}).speed, 1.0);
  EXPECT_EQ(chosen<replay_options>({"replay", "f", "--topic", "t", "--speed", "max"}).speed,
            std::nullopt);
}

TEST_F(CommandLine, ReplayRefusesWhatIsNoSpeedTopicOrSuffix) {
  for (const char* speed : {"0", "-1", "fast", "nan", "inf", "1x", ""})
    refused({"replay", "f", "--topic", "t", "--speed", speed});
  refused({"replay", "f"});
  refused({"replay", "--topic", "t"});
  refused({"replay", "f", "--topic", "a:3"});
  refused({"replay", "f", "--topic", "t", "--symbol-suffix", "\"x"});
}

TEST_F(CommandLine, BrokersComeFromTheEnvironmentUnlessNamed) {
  EXPECT_EQ(chosen<replay_options>({"replay", "f", "--topic", "t"}).target.brokers,
            "localhost:9092");
  ::setenv("KAFKA_BROKERS", "env:1", 1);
  EXPECT_EQ(chosen<replay_options>({"replay", "f", "--topic", "t"}).target.brokers, "env:1");
  EXPECT_EQ(
      chosen<replay_options>({"replay", "f", "--topic", "t", "--brokers", "b:2"}).target.brokers,
      "b:2");
  ::unsetenv("KAFKA_BROKERS");
}

TEST_F(CommandLine, FeedHasDefaultsForAFirstRun) {
  const auto o = chosen<feed_synthetic_options>({"feed", "synthetic"});
  EXPECT_EQ(o.symbols, 50u);
  EXPECT_EQ(o.rate, 1000.0);
  EXPECT_EQ(o.seed, 1u);
  EXPECT_EQ(o.duration, std::nullopt);
  EXPECT_EQ(o.count, std::nullopt);
  EXPECT_EQ(o.start_time, std::nullopt);
  EXPECT_EQ(o.target.topic, "price-ticks");
}

TEST_F(CommandLine, FeedHasItsOptions) {
  const auto o = chosen<feed_synthetic_options>(
      {"feed", "synthetic", "--symbols", "3", "--rate", "max", "--seed", "9", "--duration", "20s",
       "--count", "100", "--topic", "t", "--start-time", "2024-08-08T23:54:16.543Z"});
  EXPECT_EQ(o.symbols, 3u);
  EXPECT_EQ(o.rate, std::nullopt);
  EXPECT_EQ(o.seed, 9u);
  EXPECT_EQ(o.duration, 20s);
  EXPECT_EQ(o.count, 100u);
  EXPECT_EQ(o.target.topic, "t");
  EXPECT_EQ(o.start_time, time_ms{1'723'161'256'543ms});
}

TEST_F(CommandLine, FeedRefusesWhatIsOutOfRange) {
  refused({"feed", "synthetic", "--symbols", "0"});
  refused({"feed", "synthetic", "--symbols", "1000001"});
  refused({"feed", "synthetic", "--rate", "0"});
  refused({"feed", "synthetic", "--count", "0"});
  refused({"feed", "synthetic", "--duration", "20"});
  refused({"feed", "synthetic", "--duration", "0s"});
  refused({"feed", "synthetic", "--start-time", "yesterday"});
  refused({"feed"});
}

TEST_F(CommandLine, EmbeddedLogTakesTopicsWithTheirPartitions) {
  const auto o = chosen<embedded_log_options>({"embedded-log", "--topic", "a.b:4", "--topic", "c",
                                               "--port-file", "p", "--die-with-parent"});
  ASSERT_EQ(o.topics.size(), 2u);
  EXPECT_EQ(o.topics[0].name, "a.b");
  EXPECT_EQ(o.topics[0].partitions, 4);
  EXPECT_EQ(o.topics[1].name, "c");
  EXPECT_EQ(o.topics[1].partitions, 1);
  EXPECT_EQ(o.port_file, "p");
  EXPECT_TRUE(o.die_with_parent);
}

TEST_F(CommandLine, EmbeddedLogRefusesATopicWithoutPartitions) {
  refused({"embedded-log"});
  for (const char* topic : {"a:0", "a:-1", "a:x", "a:", ":3", "a b:1", "a:10001"})
    refused({"embedded-log", "--topic", topic});
}

TEST_F(CommandLine, NamesWhatItDoesNotKnow) {
  EXPECT_THAT(refused({}), HasSubstr("A subcommand is required"));
  EXPECT_THAT(refused({"sevre"}), HasSubstr("sevre"));
  EXPECT_THAT(refused({"version", "--loud"}), HasSubstr("--loud"));
}

TEST_F(CommandLine, HelpGoesToStandardOutputWithExamples) {
  for (std::vector<const char*> words : {std::vector<const char*>{"--help"},
                                         {"serve", "--help"},
                                         {"check-config", "--help"},
                                         {"migrate", "--help"},
                                         {"journal", "trim", "--help"},
                                         {"offsets", "show", "--help"},
                                         {"offsets", "set", "--help"},
                                         {"replay", "--help"},
                                         {"feed", "synthetic", "--help"},
                                         {"embedded-log", "--help"},
                                         {"version", "--help"}}) {
    const auto outcome = read(words);
    const auto* nothing = std::get_if<nothing_to_run>(&outcome);
    ASSERT_NE(nothing, nullptr) << words.front();
    EXPECT_EQ(nothing->exit_status, 0);
    EXPECT_EQ(nothing->errors, "");
    EXPECT_THAT(nothing->output, HasSubstr("Examples:\n  tradepulse ")) << words.front();
  }
}

TEST_F(CommandLine, HelpListsTheExitCodes) {
  const auto outcome = read({"--help"});
  const auto& text = std::get<nothing_to_run>(outcome).output;
  for (const char* line :
       {"  0   clean\n", "  64  the command line\n", "  69  a dependency is missing",
        "  70  an internal fault\n", "  78  the configuration\n"})
    EXPECT_THAT(text, HasSubstr(line));
}

} // namespace
} // namespace tradepulse
