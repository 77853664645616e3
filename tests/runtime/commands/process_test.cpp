#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/runtime/commands/child_process.hpp"

namespace tradepulse {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;
using testing::StartsWith;

class Process : public testing::Test {
 protected:
  void SetUp() override {
    binary = tradepulse_binary();
    if (binary.empty())
      GTEST_SKIP() << "tradepulse is not built beside the tests: build the target tradepulse";
    ::unsetenv("KAFKA_BROKERS");
    scratch = testing::TempDir() + "/tradepulse-process-" + std::to_string(::getpid());
  }
  void TearDown() override { std::remove(scratch.c_str()); }

  std::vector<std::string> words(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), binary);
    return arguments;
  }
  child_process::outcome run(std::vector<std::string> arguments) const {
    return child_process(words(std::move(arguments))).finish();
  }
  std::string write(const std::string& text) const {
    std::ofstream(scratch) << text;
    return scratch;
  }

  std::string binary;
  std::string scratch;
};

TEST_F(Process, PrintsItsVersionAndItsLibraries) {
  const auto out = run({"version"});
  EXPECT_EQ(out.status, 0);
  EXPECT_THAT(out.output, StartsWith("tradepulse "));
  for (const char* library :
       {"CAF 0.17.6\n", "librdkafka ", "libpqxx ", "Boost.Beast ", "RapidJSON "})
    EXPECT_THAT(out.output, HasSubstr(library));
  EXPECT_EQ(out.errors, "");
}

TEST_F(Process, SaysOnStandardErrorWhatIsWrongWithACommandLine) {
  const auto out = run({"serve"});
  EXPECT_EQ(out.status, 64);
  EXPECT_EQ(out.output, "");
  EXPECT_EQ(out.errors, "tradepulse: --config is required\nTry: tradepulse serve --help\n");
}

TEST_F(Process, EndsWith64WhereAFileIsNotThere) {
  const auto out = run({"replay", scratch + ".absent", "--topic", "t"});
  EXPECT_EQ(out.status, 64);
  EXPECT_THAT(out.errors, HasSubstr("No such file or directory"));
}

TEST_F(Process, EndsWith78WhereTheConfigurationIsWrong) {
  const auto file = write("kafka.brokes = x\n");
  for (const char* command : {"check-config", "migrate"}) {
    const auto out = run({command, "--config", file});
    EXPECT_EQ(out.status, 78) << command;
    EXPECT_EQ(out.output, "") << command;
    EXPECT_THAT(out.errors, HasSubstr(file + ":1:1")) << command;
    EXPECT_THAT(out.errors, HasSubstr("kafka.brokers")) << command;
  }
}

TEST_F(Process, PrintsTheEffectiveConfiguration) {
  const auto file = write("kafka.group_id = team\npostgres.password = hunter2\n");
  const auto out = run({"check-config", "--config", file, "--print", "--set", "ops.port=9999"});
  EXPECT_EQ(out.status, 0) << out.errors;
  EXPECT_THAT(out.output, HasSubstr("kafka.group_id = \"team\" # " + file + ":1:"));
  EXPECT_THAT(out.output, HasSubstr("ops.port = 9999 # --set ops.port"));
  EXPECT_THAT(out.output, testing::Not(HasSubstr("hunter2")));
}

TEST_F(Process, EndsWith69WhereTheDatabaseIsAbsent) {
  const auto file = write("postgres.url = \"postgresql://127.0.0.1:1/x\"\n");
  for (const auto& arguments : {std::vector<std::string>{"migrate", "--config", file},
                                {"offsets", "show", "--config", file}}) {
    const auto out = run(arguments);
    EXPECT_EQ(out.status, 69) << arguments[0];
    EXPECT_THAT(out.errors, HasSubstr("database_unavailable")) << arguments[0];
  }
}

TEST_F(Process, FeedsAndReplaysIntoAnEmbeddedLog) {
  child_process log(words({"embedded-log", "--topic", "ticks:2", "--topic", "frames"}));
  const auto first = log.read_line();
  ASSERT_THAT(first, MatchesRegex("bootstrap=127\\.0\\.0\\.1:[0-9]+"));
  const auto brokers = first.substr(first.find('=') + 1);

  const auto fed = run({"feed", "synthetic", "--brokers", brokers, "--topic", "ticks", "--count",
                        "500", "--rate", "max"});
  EXPECT_EQ(fed.status, 0) << fed.errors;
  EXPECT_THAT(fed.output, StartsWith("produced=500 confirmed=500 failed=0 "));

  const auto file =
      write("1 {\"stream\":\"a@trade\",\"data\":{\"s\":\"A\"}}\n2 {\"lastUpdateId\":1}\n");
  const auto replayed =
      run({"replay", file, "--brokers", brokers, "--topic", "frames", "--speed", "max"});
  EXPECT_EQ(replayed.status, 0) << replayed.errors;
  EXPECT_THAT(
      replayed.output,
      StartsWith("lines=2 produced=1 confirmed=1 failed=0 without_stream=1 without_symbol=0 "
                 "unusable=0 "));
  log.send(SIGTERM);
  EXPECT_EQ(log.finish().status, 0);
}

TEST_F(Process, FeedEndsCleanlyOnASignalWithItsSummary) {
  for (int number : {SIGINT, SIGTERM}) {
    child_process log(words({"embedded-log", "--topic", "ticks"}));
    const auto brokers = log.read_line().substr(10);
    child_process feed(words({"feed", "synthetic", "--brokers", brokers, "--topic", "ticks"}));
    ASSERT_TRUE(feed.wait_until_blocked(number));
    feed.send(number);
    const auto out = feed.finish();
    EXPECT_EQ(out.status, 0) << out.errors;
    EXPECT_THAT(out.output, StartsWith("produced="));
    EXPECT_THAT(out.output, HasSubstr(" failed=0 "));
  }
}

TEST_F(Process, EmbeddedLogEndsWithItsParent) {
  child_process shell({"sh", "-c",
                       "\"$0\" embedded-log --topic t --die-with-parent --port-file \"$1\" & wait",
                       binary, scratch});
  EXPECT_THAT(shell.read_line(), StartsWith("bootstrap="));
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  const auto until = [&](bool there) {
    while ((::access(scratch.c_str(), F_OK) == 0) != there &&
           std::chrono::steady_clock::now() < deadline)
      std::this_thread::yield();
    return (::access(scratch.c_str(), F_OK) == 0) == there;
  };
  ASSERT_TRUE(until(true));
  shell.send(SIGKILL);
  EXPECT_TRUE(until(false)) << "the port file is removed at a clean end";
}

} // namespace
} // namespace tradepulse
