#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <random>

#include "runtime/config/print.hpp"
#include "tests/runtime/config/support.hpp"

namespace tradepulse::config {
namespace {

const std::vector<std::string>& snippets() {
  static const std::vector<std::string> all{"{",         "}",
                                            "[",         "]",
                                            ",",         "\n",
                                            "=",         "+=",
                                            ":",         "\"",
                                            "\"\"\"",    "${",
                                            "${?",       "${kafka}",
                                            "#",         "//",
                                            "include",   "\"t.conf\"",
                                            "null",      "true",
                                            "kafka",     "postgres",
                                            ".",         "1 m",
                                            "\\u00e9",   "\xC3\xA9",
                                            "\xFF",      "\xC3",
                                            "${?A}",     "a = ${a}\n",
                                            "a += 1",    " ",
                                            "(",         ")",
                                            "$",         "\\",
                                            "listeners", "topics",
                                            "-",         "99999999999",
                                            "${a}{",     "required(",
                                            "file(",     "\r\n",
                                            "\t",        "${kafka.brokers}"};
  return all;
}

std::string contents(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

class mutator {
 public:
  explicit mutator(std::uint64_t seed) : random_(seed) {}

  std::size_t below(std::size_t bound) {
    return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random_);
  }

  // Up to eight times: something in, something out, or a piece of the text doubled.
  std::string mutate(std::string text) {
    for (std::size_t n = below(8) + 1; n > 0; --n) {
      std::size_t at = below(text.size() + 1);
      std::size_t length = std::min(below(20) + 1, text.size() - at);
      switch (below(4)) {
      case 0:
        text.erase(at, length);
        break;
      case 1:
        text.insert(at, text.substr(at, length));
        break;
      default:
        text.insert(at, snippets()[below(snippets().size())]);
      }
    }
    return text;
  }

  std::string made_up() {
    std::string text;
    for (std::size_t n = below(60); n > 0; --n)
      text += snippets()[below(snippets().size())];
    return text;
  }

 private:
  std::mt19937_64 random_;
};

// Whatever a file says, it is either read, and what is printed of it reads the same, or each fault
// has a place. TRADEPULSE_SEED repeats a run, TRADEPULSE_ROUNDS makes it longer.
TEST(HoconMutation, EndsWithAConfigurationOrWithPlacedFaults) {
  const char* seed_text = std::getenv("TRADEPULSE_SEED");
  const char* rounds_text = std::getenv("TRADEPULSE_ROUNDS");
  std::uint64_t seed = seed_text != nullptr ? std::stoull(seed_text) : std::random_device{}();
  std::size_t rounds = rounds_text != nullptr ? std::stoull(rounds_text) : 300;
  SCOPED_TRACE("TRADEPULSE_SEED=" + std::to_string(seed));
  mutator change(seed);
  scratch_folder folder;
  const std::vector<std::string> corpus{
      contents(config_folder() / "tradepulse.conf"),
      contents(config_folder() / "profiles" / "snapshot-service.conf"),
      "a = 1\na = ${a}2\nb { c = ${a}, d = ${b.c} }\nb = ${b} { e = [${?X}] ${b.l} }\nb.l += 1\n",
  };
  for (std::size_t round = 0; round < rounds; ++round) {
    std::string text =
        round % 4 == 3 ? change.made_up() : change.mutate(corpus[change.below(corpus.size())]);
    auto loaded = load_text(folder, text, {}, {{"A", "x"}, {"X", "1"}});
    if (!loaded) {
      std::string faults = "\n" + faults_of(folder, loaded);
      EXPECT_TRUE(faults.find("t.conf:") != std::string::npos) << text << "\n--\n" << faults;
      continue;
    }
    auto again = load_text(folder, print_effective(*loaded));
    ASSERT_TRUE(again.has_value()) << text << "\n--\n" << again.failure().detail;
    for (std::size_t i = 0; i < again->effective.size(); ++i)
      EXPECT_EQ(again->effective[i].text, loaded->effective[i].text) << text;
  }
}

} // namespace
} // namespace tradepulse::config
