#include "adapters/spdlog/spdlog_sink.hpp"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "adapters/spdlog/patient_writer.hpp"

namespace tradepulse::log {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

// A log file that is gone after the test.
class SpdlogSink : public testing::Test {
 protected:
  void SetUp() override {
    path = testing::TempDir() + "/tradepulse-log-" + std::to_string(::getpid());
    std::remove(path.c_str());
    options.file = path;
  }
  void TearDown() override { std::remove(path.c_str()); }

  std::unique_ptr<spdlog_sink> open() {
    auto made = spdlog_sink::open(options);
    EXPECT_TRUE(made.has_value());
    return std::move(made).value();
  }
  std::vector<std::string> lines() const {
    std::ifstream in(path);
    std::vector<std::string> out;
    for (std::string line; std::getline(in, line);)
      out.push_back(line);
    return out;
  }

  std::string path;
  sink_options options;
};

TEST_F(SpdlogSink, WritesOneLineForOneEvent) {
  open()->write(level::warning, "gap", {{"symbol", "AAPL"}, {"reason", "two words"}});
  EXPECT_THAT(lines(),
              ElementsAre(AllOf(StartsWith("20"),
                                EndsWith("Z warning event=gap symbol=AAPL reason=\"two words\""))));
}

TEST_F(SpdlogSink, WritesJsonByOption) {
  options.format = line_format::json;
  open()->write(level::info, "started", {{"port", 8080}});
  EXPECT_THAT(lines(),
              ElementsAre(AllOf(
                  StartsWith("{\"time\":\"20"),
                  EndsWith("Z\",\"level\":\"info\",\"event\":\"started\",\"port\":\"8080\"}"))));
}

TEST_F(SpdlogSink, AppendsToWhatIsThere) {
  open()->write(level::info, "first", {});
  open()->write(level::info, "second", {});
  EXPECT_THAT(lines(), ElementsAre(EndsWith("event=first"), EndsWith("event=second")));
}

TEST_F(SpdlogSink, CountsRepeatsAndSaysHowManyItLeftOut) {
  options.repeat_limit = 2;
  auto sink = open();
  for (int i = 0; i < 7; ++i)
    sink->write(level::warning, "retry", {{"attempt", i}});
  sink->write(level::info, "done", {});
  EXPECT_EQ(sink->left_out(), 5u);
  sink.reset();
  EXPECT_THAT(
      lines(),
      ElementsAre(
          EndsWith("event=retry attempt=0"), EndsWith("event=retry attempt=1"),
          EndsWith("event=done"),
          EndsWith("event=repeats_left_out of=retry of_level=warning count=5 window_seconds=10")));
}

TEST_F(SpdlogSink, KeepsTheLinesOfSeveralThreadsWhole) {
  options.repeat_limit = 0;
  auto sink = open();
  std::vector<std::thread> writers;
  for (int t = 0; t < 4; ++t)
    writers.emplace_back([&, t] {
      for (int i = 0; i < 500; ++i)
        sink->write(level::info, "line", {{"thread", t}, {"text", std::string(100, 'x')}});
    });
  for (auto& w : writers)
    w.join();
  EXPECT_EQ(sink->lost(), 0u);
  sink.reset();
  const auto written = lines();
  EXPECT_EQ(written.size(), 2000u);
  for (const auto& line : written)
    EXPECT_THAT(line, EndsWith(std::string(100, 'x')));
}

TEST_F(SpdlogSink, NamesTheFileItCannotOpen) {
  options.file = path + "/no/such/folder";
  const auto made = spdlog_sink::open(options);
  ASSERT_FALSE(made.has_value());
  EXPECT_EQ(made.failure().code, errc::io);
  EXPECT_THAT(made.failure().detail, HasSubstr(options.file));
}

TEST_F(SpdlogSink, SurvivesAFullDisk) {
  options.file = "/dev/full";
  options.repeat_limit = 0;
  auto sink = open();
  for (int i = 0; i < 100; ++i)
    sink->write(level::error, "disk", {});
  sink.reset();
}

// The queue ends while its thread looks at it: it must not be that thread that ends it.
TEST_F(SpdlogSink, EndsWhileItCountsLostLines) {
  options.file = "/dev/full";
  options.repeat_limit = 0;
  for (int ends = 0; ends < 3'000; ++ends) {
    auto sink = open();
    for (int i = 0; i < 20; ++i)
      sink->write(level::error, "disk", {});
    sink.reset();
  }
}

class Pipe : public testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(::pipe(ends), 0); }
  void TearDown() override { ::close(ends[0]); }
  std::string read_some() {
    std::string out(65536, '\0');
    const auto n = ::read(ends[0], out.data(), out.size());
    out.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
    return out;
  }
  int ends[2]{};
};

TEST_F(Pipe, ThatNobodyReadsLosesLinesInsteadOfBlocking) {
  ::fcntl(ends[1], F_SETPIPE_SZ, 65536);
  patient_writer writer(ends[1], true);
  int written = 0;
  while (written < 100 && writer.write(std::string(4095, 'a') + "\n"))
    ++written;
  EXPECT_EQ(written, 16);
  EXPECT_FALSE(writer.write("lost\n"));
  EXPECT_EQ(read_some().size(), 65536u);
  EXPECT_TRUE(writer.write("again\n"));
  EXPECT_EQ(read_some(), "again\n");
}

TEST_F(Pipe, ThatTookHalfALineGetsTheNextOneOnALineOfItsOwn) {
  ::fcntl(ends[1], F_SETPIPE_SZ, 65536);
  patient_writer writer(ends[1], true);
  EXPECT_FALSE(writer.write(std::string(99999, 'b') + "\n"));
  EXPECT_EQ(read_some(), std::string(65536, 'b'));
  EXPECT_TRUE(writer.write("next\n"));
  EXPECT_EQ(read_some(), "\nnext\n");
}

TEST_F(Pipe, ThatWasClosedIsOnlyAFailedWrite) {
  ::close(ends[0]);
  ends[0] = -1;
  const auto before = ::signal(SIGPIPE, SIG_IGN);
  patient_writer writer(ends[1], true);
  EXPECT_FALSE(writer.write("nobody\n"));
  ::signal(SIGPIPE, before);
}

} // namespace
} // namespace tradepulse::log
