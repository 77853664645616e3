#include "actors/persistence/database_faults.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "protocol/log.hpp"

namespace tradepulse {
namespace {

const topic_partition first{"ticks", 0};
const topic_partition second{"ticks", 1};
const error away{errc::database_unavailable, "connection refused"};
const error locked{errc::database_busy, "55P03: lock timeout"};

// What is written, each line as `event partition error` or `event partition failed_calls`.
class lines : public log::sink {
 public:
  lines() { log::set_sink(this, log::level::info); }
  ~lines() override { log::set_sink(nullptr, log::level::off); }
  void write(log::level, std::string_view event,
             std::initializer_list<log::field> fields) override {
    std::string line(event);
    for (const auto& each : fields)
      if (each.key == "partition" || each.key == "error" || each.key == "failed_calls")
        line += " " + each.value;
    all.push_back(std::move(line));
  }
  std::vector<std::string> all;
};

using texts = std::vector<std::string>;

struct DatabaseFaults : testing::Test {
  lines written;
  database_faults faults;
  const int one = 0, other = 0; // two writers
};

TEST_F(DatabaseFaults, HaveALineAtTheirBeginningAndOneAtTheirEnd) {
  for (int i = 0; i < 1'000; ++i)
    faults.failed(&one, "commit", first, away);
  faults.answered(&one, first);
  faults.answered(&one, first);
  EXPECT_EQ(written.all,
            (texts{"database_error ticks/0 connection refused", "database_answers all 1000"}));
}

TEST_F(DatabaseFaults, OfTheConnectionAreOneForAllPartitionsAndWriters) {
  faults.failed(&one, "commit", first, away);
  faults.failed(&other, "claim", second, {errc::database_unavailable, "starting up"});
  faults.answered(&one, first);
  EXPECT_EQ(written.all.size(), 1u); // the other one has no answer yet
  faults.failed(&other, "claim", second, away);
  faults.answered(&other, second);
  EXPECT_EQ(written.all,
            (texts{"database_error ticks/0 connection refused", "database_answers all 3"}));
}

TEST_F(DatabaseFaults, OfAnAnsweringDatabaseAreTheirPartitionsOwn) {
  faults.failed(&one, "commit", first, locked);
  faults.answered(&one, second);
  EXPECT_EQ(written.all.size(), 1u);
  faults.failed(&one, "commit", second, locked);
  faults.answered(&one, first);
  faults.answered(&one, second);
  EXPECT_EQ(written.all, (texts{"database_error ticks/0 55P03: lock timeout",
                                "database_error ticks/1 55P03: lock timeout",
                                "database_answers ticks/0 1", "database_answers ticks/1 1"}));
}

TEST_F(DatabaseFaults, OfAnotherCauseHaveALineOfTheirOwn) {
  faults.failed(&one, "commit", first, locked);
  faults.failed(&one, "commit", first, away);
  faults.answered(&one, first);
  EXPECT_EQ(written.all.size(), 4u);
}

TEST_F(DatabaseFaults, EndWithTheWriterThatHadThem) {
  faults.failed(&one, "commit", first, locked);
  faults.failed(&one, "commit", first, away);
  faults.forget(&one);
  EXPECT_EQ(written.all.size(), 4u);
  faults.failed(&other, "commit", first, away); // a new one
  EXPECT_EQ(written.all.size(), 5u);
}

TEST_F(DatabaseFaults, AreSilentWhereNothingIsWrong) {
  faults.answered(&one, first);
  faults.forget(&one);
  EXPECT_TRUE(written.all.empty());
}

} // namespace
} // namespace tradepulse
