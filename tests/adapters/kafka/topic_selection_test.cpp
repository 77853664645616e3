#include "adapters/kafka/topic_selection.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tradepulse::kafka {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

topic_selection select(const std::vector<std::string>& entries) {
  auto made = topic_selection::parse(entries);
  EXPECT_TRUE(made);
  return std::move(*made);
}

TEST(TopicSelection, MatchesANameExactly) {
  const auto topics = select({"price-ticks"});
  EXPECT_TRUE(topics.matches("price-ticks"));
  EXPECT_FALSE(topics.matches("price-ticks2"));
  EXPECT_FALSE(topics.matches("price"));
  EXPECT_FALSE(topics.has_globs());
}

TEST(TopicSelection, MatchesAGlobFromEndToEnd) {
  const auto topics = select({"market-data.*"});
  EXPECT_TRUE(topics.matches("market-data.eth"));
  EXPECT_TRUE(topics.matches("market-data."));
  EXPECT_FALSE(topics.matches("market-dataXeth"));
  EXPECT_FALSE(topics.matches("a.market-data.eth"));
}

TEST(TopicSelection, MatchesStarsAnywhere) {
  EXPECT_TRUE(glob_matches("*a*b", "xxayyab"));
  EXPECT_FALSE(glob_matches("*a*b", "xxayyabc"));
  EXPECT_TRUE(glob_matches("*", ""));
  EXPECT_FALSE(glob_matches("a", ""));
}

TEST(TopicSelection, NeverMatchesADeadLetterTopicByAGlob) {
  EXPECT_FALSE(select({"*"}).matches("prices.dead-letter"));
  EXPECT_TRUE(select({"prices.dead-letter"}).matches("prices.dead-letter"));
}

TEST(TopicSelection, SubscribesWithAnchoredExpressionsAndLeavesOutCoveredNames) {
  EXPECT_THAT(select({"a.b", "a.*", "c", "c"}).subscription(), ElementsAre("^a\\..*$", "c"));
}

TEST(TopicSelection, ListsWhatMatchesNoTopic) {
  EXPECT_THAT(select({"a", "b", "c.*", "d.*"}).missing({"b", "c.1"}), ElementsAre("a", "d.*"));
}

TEST(TopicSelection, RefusesWhatCannotBeATopic) {
  for (const auto& entry : {std::string(), std::string("a b"), std::string("^a"),
                            std::string("a/b"), std::string(250, 'x')}) {
    const auto made = topic_selection::parse({entry});
    ASSERT_FALSE(made) << entry;
    EXPECT_THAT(made.failure().detail, HasSubstr("kafka.topics"));
  }
  EXPECT_FALSE(topic_selection::parse({}));
}

TEST(TopicSelection, RefusesADeadLetterTopicBesideAGlobThatWouldHideIt) {
  EXPECT_FALSE(topic_selection::parse({"a.*", "b.dead-letter"}));
  EXPECT_TRUE(topic_selection::parse({"a", "b.dead-letter"}));
}

} // namespace
} // namespace tradepulse::kafka
