#include "runtime/history/journal_retention.hpp"

#include <future>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "protocol/log.hpp"

namespace tradepulse {
namespace {

using namespace std::chrono_literals;
using std::chrono::sys_days;

constexpr sys_days august_2 = std::chrono::year{2024} / 8 / 2;

class JournalRetention : public testing::Test {
 protected:
  journal_retention& make() {
    options.interval = 1h;
    options.retry = 5min;
    options.now = [] { return time_ms{august_2} + 7h; };
    if (!options.trim)
      options.trim = [this](time_ms now) {
        asked.push_back(now);
        return next;
      };
    return made.emplace(options, registry);
  }
  // "dropped 1, failures 0, oldest 1722556800", of one kind
  std::string counted(const std::string& kind = "price") {
    const metrics::labels mine{{"stream", kind}};
    std::int64_t oldest = 0;
    std::uint64_t dropped = 0;
    std::uint64_t failures = 0;
    for (const auto& family : registry.families())
      for (const auto& one : family.samples) {
        if (family.name == "tradepulse_journal_retention_failures_total")
          failures = one.as_counter->value();
        else if (one.tags != mine)
          continue;
        else if (family.name == "tradepulse_journal_leaves_dropped_total")
          dropped = one.as_counter->value();
        else if (family.name == "tradepulse_journal_oldest_day_timestamp_seconds")
          oldest = one.as_gauge->value();
      }
    return "dropped " + std::to_string(dropped) + ", failures " + std::to_string(failures) +
           ", oldest " + std::to_string(oldest);
  }

  metrics::registry registry;
  journal_retention_options options;
  std::vector<time_ms> asked;
  journal_trim next;
  std::optional<journal_retention> made;
};

TEST_F(JournalRetention, CountsWhatWentAndShowsTheOldestDay) {
  auto& retention = make();
  EXPECT_EQ(counted(), "dropped 0, failures 0, oldest 0");
  next.gone = {{"price", "journal_prices_20240725"}, {"price", "journal_prices_20240726"}};
  next.left = {{"price", august_2}};
  EXPECT_EQ(retention.run_once(), 1h);
  EXPECT_EQ(counted(), "dropped 2, failures 0, oldest 1722556800");
  EXPECT_EQ(asked, std::vector<time_ms>{time_ms{august_2} + 7h});
  next = {};
  next.left = {{"price", std::nullopt}};
  retention.run_once();
  EXPECT_EQ(counted(), "dropped 2, failures 0, oldest 0");
}

TEST_F(JournalRetention, CountsEachKindApart) {
  auto& retention = make();
  next.gone = {{"price", "journal_prices_20240725"}, {"quote", "journal_quotes_20240725"}};
  next.left = {{"price", std::nullopt}, {"kline", august_2}};
  retention.run_once();
  EXPECT_EQ(counted("price"), "dropped 1, failures 0, oldest 0");
  EXPECT_EQ(counted("trade"), "dropped 0, failures 0, oldest 0");
  EXPECT_EQ(counted("quote"), "dropped 1, failures 0, oldest 0");
  EXPECT_EQ(counted("kline"), "dropped 0, failures 0, oldest 1722556800");
}

// One that it did not know ended the process, at each start.
TEST_F(JournalRetention, CountsEveryKindThatIsJournalled) {
  auto& retention = make();
  for (const char* kind : {"price", "trade", "quote", "kline", "candle"}) {
    next = {};
    next.gone = {{kind, "journal_of_it_20240725"}};
    next.left = {{kind, august_2}};
    EXPECT_NO_THROW(retention.run_once()) << kind;
    EXPECT_EQ(counted(kind), "dropped 1, failures 0, oldest 1722556800") << kind;
  }
}

TEST_F(JournalRetention, ComesBackSoonWhereTheDatabaseWillDoItLater) {
  auto& retention = make();
  next.gone = {{"price", "journal_prices_20240725"}};
  for (const auto code : {errc::database_busy, errc::database_unavailable}) {
    next.failures = {error{code, "not now"}};
    EXPECT_EQ(retention.run_once(), 5min);
  }
  EXPECT_EQ(counted(), "dropped 2, failures 2, oldest 0");
}

// Behind one that passes stood another, which nobody was told.
TEST_F(JournalRetention, EachFailureIsSaidAndTheRunCountedOnce) {
  struct lines : log::sink {
    std::string said;
    lines() { log::set_sink(this, log::level::warning); }
    ~lines() override { log::set_sink(nullptr, log::level::off); }
    void write(log::level, std::string_view event,
               std::initializer_list<log::field> fields) override {
      said += std::string(event) + " " + fields.begin()->value + "\n";
    }
  } log_lines;
  auto& retention = make();
  next.failures = {{errc::database_busy, "a lock"}, {errc::database_refused, "a view"}};
  EXPECT_EQ(retention.run_once(), 5min);
  EXPECT_EQ(log_lines.said, "journal_retention_waits a lock\njournal_retention_failed a view\n");
  EXPECT_EQ(counted(), "dropped 0, failures 1, oldest 0");
}

TEST_F(JournalRetention, WhatAPersonHasToMendIsTriedAgainAnHourLater) {
  auto& retention = make();
  next.failures = {error{errc::forbidden, "GRANT"}};
  EXPECT_EQ(retention.run_once(), 1h);
  EXPECT_EQ(counted(), "dropped 0, failures 1, oldest 0");
}

TEST_F(JournalRetention, AnotherProcessIsAtItAndThatIsNoFailure) {
  auto& retention = make();
  next.elsewhere = true;
  EXPECT_EQ(retention.run_once(), 1h);
  EXPECT_EQ(counted(), "dropped 0, failures 0, oldest 0");
}

TEST_F(JournalRetention, BeginsWhenItIsToldAndOnce) {
  std::promise<void> ran;
  options.trim = [&](time_ms) {
    ran.set_value(); // throws at a second time
    return journal_trim{};
  };
  auto& retention = make();
  retention.begin();
  retention.begin();
  EXPECT_EQ(ran.get_future().wait_for(20s), std::future_status::ready);
}

TEST_F(JournalRetention, ARunUnderWayIsCutAndNoFailure) {
  std::promise<void> ran;
  std::promise<void> cut;
  options.trim = [&](time_ms) {
    ran.set_value();
    cut.get_future().wait();
    journal_trim out;
    out.failures = {error{errc::database_unavailable, "cut"}};
    return out;
  };
  options.cut = [&] { cut.set_value(); };
  auto& retention = make();
  retention.begin();
  ASSERT_EQ(ran.get_future().wait_for(20s), std::future_status::ready);
  retention.stop();
  retention.stop();
  made.reset();
  EXPECT_EQ(counted(), "dropped 0, failures 0, oldest 0");
}

TEST_F(JournalRetention, DoesNotBeginAfterItsEndNorWhereAllIsKeptForEver) {
  auto& ended = make();
  ended.stop();
  ended.begin();
  made.reset();
  EXPECT_TRUE(asked.empty());

  metrics::registry other;
  journal_retention keeps(journal_retention_options{}, other);
  keeps.begin();
}

} // namespace
} // namespace tradepulse
