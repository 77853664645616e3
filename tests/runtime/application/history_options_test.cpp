#include "runtime/application/history_options.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "runtime/config/schema.hpp"
#include "tests/runtime/config/support.hpp"

namespace tradepulse {
namespace {

using std::chrono::days;
using std::chrono::sys_days;

constexpr std::string_view retention_of = "journal.retention.";

// The kinds of which the schema lets a retention be said.
std::vector<std::string> kinds_with_retention() {
  std::vector<std::string> out;
  for (const auto& section : config::schema())
    for (const auto& row : section.rows)
      if (row.name.starts_with(retention_of))
        out.emplace_back(row.name.substr(retention_of.size()));
  return out;
}

config::settings read(const std::string& text) {
  const config::scratch_folder folder;
  return config::load_text(folder, text).value().values;
}

TEST(RetentionRules, AreThoseOfTheKindsThatAreNotKeptForEver) {
  const auto kinds = kinds_with_retention();
  EXPECT_EQ(kinds, (std::vector<std::string>{"price", "trade", "quote", "kline", "candle"}));
  const std::string forever = "journal.retention { price = forever, quote = forever }\n";
  EXPECT_TRUE(retention_rules(read(forever)).empty());
  for (const auto& kind : kinds) {
    const auto rules = retention_rules(read(forever + "journal.retention." + kind + " = 30d"));
    ASSERT_EQ(rules.size(), 1U) << kind;
    EXPECT_EQ(rules[0].stream, kind);
    EXPECT_EQ(rules[0].keep, days{30}) << kind;
  }
}

TEST(RetentionRules, CanBeDoneForEveryKind) {
  for (const auto& kind : kinds_with_retention()) {
    const auto rules = retention_rules(read("journal.retention." + kind + " = 30d"));
    auto options = journal_retention_options{};
    options.now = [] { return time_ms{sys_days{std::chrono::year{2024} / 8 / 2}}; };
    options.trim = [&rules](time_ms) {
      journal_trim out;
      for (const auto& rule : rules) {
        out.gone.push_back({rule.stream, std::string(find_journal(rule.stream)->name) + "_old"});
        out.left.push_back({rule.stream, std::nullopt});
      }
      return out;
    };
    metrics::registry registry;
    journal_retention retention(options, registry);
    EXPECT_NO_THROW(retention.run_once()) << kind;
  }
}

} // namespace
} // namespace tradepulse
