#include "adapters/kafka/library_log.hpp"

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "protocol/log.hpp"

namespace tradepulse::kafka {
namespace {

constexpr int warning = 4;

// What was written, while it lives.
class recorder final : public log::sink {
 public:
  recorder() { log::set_sink(this, log::level::warning); }
  ~recorder() override { log::set_sink(nullptr, log::level::warning); }

  void write(log::level, std::string_view, std::initializer_list<log::field> fields) override {
    const std::lock_guard guard(mutex_);
    auto& line = lines_.emplace_back();
    for (const auto& each : fields)
      line.emplace(each.key, each.value);
  }

  // Of the lines with this facility: each test has its own, because repeats are left out.
  std::vector<std::map<std::string, std::string>> of(const std::string& facility) {
    const std::lock_guard guard(mutex_);
    std::vector<std::map<std::string, std::string>> out;
    for (const auto& line : lines_)
      if (line.at("facility") == facility)
        out.push_back(line);
    return out;
  }

 private:
  std::mutex mutex_;
  std::vector<std::map<std::string, std::string>> lines_;
};

TEST(LibraryLog, NamesTheOptionWhereACertificateIsRefusedAndTheLibraryDoesNot) {
  recorder lines;
  write_library_log(nullptr, warning, "TEST1",
                    "ssl://b:1/1: certificate verify failed (after 7ms)");
  ASSERT_EQ(lines.of("TEST1").size(), 1u);
  EXPECT_EQ(lines.of("TEST1")[0].at("detail"),
            "ssl://b:1/1: certificate verify failed (after 7ms): the broker's certificate is not "
            "signed by whom ssl.ca.location (kafka.properties) names");
}

TEST(LibraryLog, LeavesATextThatNamesItAsItIs) {
  recorder lines;
  const std::string text = "certificate verify failed: verify that ssl.ca.location is right";
  write_library_log(nullptr, warning, "TEST2", text.c_str());
  write_library_log(nullptr, warning, "TEST3", "Connection refused");
  ASSERT_EQ(lines.of("TEST2").size(), 1u);
  EXPECT_EQ(lines.of("TEST2")[0].at("detail"), text);
  ASSERT_EQ(lines.of("TEST3").size(), 1u);
  EXPECT_EQ(lines.of("TEST3")[0].at("detail"), "Connection refused");
}

TEST(LibraryLog, LeavesOutWhatComesAgainWithinTenSeconds) {
  recorder lines;
  write_library_log(nullptr, warning, "TEST4", "first");
  write_library_log(nullptr, warning, "TEST4", "second");
  write_library_log(nullptr, warning, "TEST5", "another");
  ASSERT_EQ(lines.of("TEST4").size(), 1u);
  EXPECT_EQ(lines.of("TEST4")[0].at("detail"), "first");
  EXPECT_EQ(lines.of("TEST4")[0].at("left_out"), "0");
  EXPECT_EQ(lines.of("TEST5").size(), 1u);
}

TEST(LibraryLog, WritesNothingBelowTheThreshold) {
  recorder lines;
  write_library_log(nullptr, warning + 1, "TEST6", "a notice");
  EXPECT_TRUE(lines.of("TEST6").empty());
}

} // namespace
} // namespace tradepulse::kafka
