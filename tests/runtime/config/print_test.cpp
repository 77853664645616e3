#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "runtime/config/print.hpp"
#include "tests/runtime/config/support.hpp"

namespace tradepulse::config {
namespace {

std::string contents(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

bool has_line(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

// TRADEPULSE_REGENERATE=1 writes config/reference.conf in place of comparing it.
TEST(ReferenceConf, IsWhatTheSchemaSays) {
  std::filesystem::path file = config_folder() / "reference.conf";
  if (std::getenv("TRADEPULSE_REGENERATE") != nullptr)
    std::ofstream(file, std::ios::binary) << reference_conf();
  EXPECT_EQ(contents(file), reference_conf())
      << "run this test with TRADEPULSE_REGENERATE=1 and look at the difference";
}

TEST(ReferenceConf, ChangesNothingWhenItIsRead) {
  scratch_folder folder;
  auto loaded = load_text(folder, reference_conf());
  ASSERT_EQ(faults_of(folder, loaded), "(no fault)");
  auto defaults = load("", {}, environment{});
  for (std::size_t i = 0; i < defaults->effective.size(); ++i)
    EXPECT_EQ(loaded->effective[i].text, defaults->effective[i].text)
        << defaults->effective[i].name;
}

TEST(ReferenceConf, SaysHelpUnitBoundsAndDefault) {
  std::string text = reference_conf();
  EXPECT_NE(text.find("\n# How often new partitions, and new topics of a glob, are looked for.\n"
                      "# duration (a number alone is milliseconds), 100ms .. 1h\n"
                      "kafka.metadata_refresh = 2s\n"),
            std::string::npos);
  EXPECT_NE(text.find("# one of earliest, latest\nkafka.start = earliest\n"), std::string::npos);
  EXPECT_NE(text.find("# text, 1 .. 200 bytes\n# node.id = # default: the host name\n"),
            std::string::npos);
  EXPECT_NE(text.find("# integer of rows, 1 .. 100000\npostgres.batch_size = 1000\n"),
            std::string::npos);
}

class PrintEffective : public testing::Test {
 protected:
  std::string print(const std::string& text, std::vector<std::string> overrides = {},
                    variables values = {}) {
    auto loaded = load_text(folder, text, std::move(overrides), std::move(values));
    EXPECT_EQ(faults_of(folder, loaded), "(no fault)");
    std::string out = loaded ? print_effective(*loaded) : "";
    std::string cut = folder.file("");
    for (std::size_t at = out.find(cut); at != std::string::npos; at = out.find(cut, at))
      out.erase(at, cut.size());
    return out;
  }

  scratch_folder folder;
};

TEST_F(PrintEffective, SaysWhereEachValueComesFrom) {
  std::string out = print("ops.port = ${?P}\nkafka {\n  group_id = g\n}\nclient.port = 81",
                          {"log.level=debug"}, {{"P", "80"}});
  EXPECT_TRUE(has_line(out, "ops.port = 80 # environment P (t.conf:1:12)")) << out;
  EXPECT_TRUE(has_line(out, "kafka.group_id = \"g\" # t.conf:3:14"));
  EXPECT_TRUE(has_line(out, "log.level = debug # --set log.level"));
  EXPECT_TRUE(has_line(out, "client.host = \"0.0.0.0\" # default"));
  EXPECT_TRUE(has_line(out, "# log.file: not set, lines go to standard error"));
  EXPECT_TRUE(has_line(out, "listeners = [] # default"));
}

TEST_F(PrintEffective, WritesListsOfObjectsWithTheOriginOfEachMember) {
  std::string out = print("topics = [\n {name = x, decoder = market-price}\n]");
  EXPECT_NE(out.find("topics = [ # t.conf:1:10\n"
                     "  {\n"
                     "    name = \"x\" # t.conf:2:10\n"
                     "    decoder = market-price # t.conf:2:23\n"
                     "    interval = 1m # default\n"
                     "    aggregate_trades = false # default\n"
                     "    own_sequence = false # default\n"
                     "    candles.source = none # default\n"
                     "    missed_klines = as-bars # default\n"
                     "  }\n"
                     "]\n"),
            std::string::npos)
      << out;
}

TEST_F(PrintEffective, ShowsTheDecoderThatATopicHasByItsName) {
  std::string out = print("topics = [{ name = stock-bars, interval = 5m }]");
  EXPECT_TRUE(has_line(out, "    decoder = stock-bars # default")) << out;
  EXPECT_TRUE(has_line(out, "    interval = 5m # t.conf:1:43"));
}

TEST_F(PrintEffective, LeavesOutWhatAListOfListenersReplaces) {
  std::string out = print("listeners = [{ port = 7, serves = ops }]");
  EXPECT_TRUE(has_line(out, "# client.port: not used, listeners is set")) << out;
  EXPECT_TRUE(has_line(out, "    port = 7 # t.conf:1:23"));
  EXPECT_TRUE(has_line(out, "    websocket_paths = [\"/\", \"/ws\"] # default"));
  EXPECT_FALSE(has_line(out, "client.port = 8080 # default"));
}

TEST_F(PrintEffective, MasksSecrets) {
  std::string out = print(R"(
    postgres { password = hush1, url = "postgresql://u:hush2@h/d" }
    admin.token = hush3hush3hush3hush3
    kafka.properties { sasl.password = hush4, ssl.key.password = hush5, sasl.username = me })",
                          {"postgres.password=hush6"});
  EXPECT_EQ(out.find("hush"), std::string::npos) << out;
  EXPECT_TRUE(has_line(out, "postgres.password = \"***\" # --set postgres.password"));
  EXPECT_TRUE(has_line(out, "postgres.url = \"***\" # t.conf:2:40"));
  EXPECT_TRUE(has_line(out, "admin.token = \"***\" # t.conf:3:19"));
  EXPECT_TRUE(has_line(out, "  \"sasl.password\" = \"***\" # t.conf:4:40"));
  EXPECT_TRUE(has_line(out, "  \"sasl.username\" = \"me\" # t.conf:4:89"));
}

TEST_F(PrintEffective, ShowsThatASecretIsEmpty) {
  EXPECT_TRUE(has_line(print(""), "postgres.password = \"\" # default"));
}

TEST_F(PrintEffective, IsItselfAConfiguration) {
  std::string out = print("topics = [{name = x, decoder = market-price}]\nnode.id = \"a\\n\\\"b\"\n"
                          "kafka.properties.security.protocol = SSL");
  auto again = load_text(folder, out);
  ASSERT_EQ(faults_of(folder, again), "(no fault)");
  EXPECT_EQ(again->values.node.id, "a\n\"b");
  EXPECT_EQ(again->values.topics[0].name, "x");
  EXPECT_EQ(again->values.kafka.properties.size(), 1U);
}

TEST(ExampleConf, HoldsWithAndWithoutTheEnvironment) {
  std::string file = (config_folder() / "tradepulse.conf").string();
  auto bare = load(file, {}, fixed_environment({}));
  ASSERT_TRUE(bare.has_value()) << bare.failure().detail;
  EXPECT_TRUE(bare->warnings.empty());
  auto full = load(file, {}, fixed_environment({{"KAFKA_BROKERS", "a:1,b:2"}}));
  ASSERT_TRUE(full.has_value());
  EXPECT_EQ(to_string(full->values.kafka.brokers), "a:1,b:2");
}

} // namespace
} // namespace tradepulse::config
