#include "protocol/utf8.hpp"

#include <gtest/gtest.h>

namespace tradepulse::utf8 {
namespace {

TEST(Utf8, MeasuresTheFirstCharacterAndNoOther) {
  EXPECT_EQ(first_character("a\xff"), 1u);
  EXPECT_EQ(first_character(std::string_view("\0a", 2)), 1u);
  EXPECT_EQ(first_character("\x7f"), 1u);
  EXPECT_EQ(first_character("\xc2\x80"), 2u);
  EXPECT_EQ(first_character("\xdf\xbf\xff"), 2u);
  EXPECT_EQ(first_character("\xe0\xa0\x80"), 3u);
  EXPECT_EQ(first_character("\xed\x9f\xbf"), 3u); // U+D7FF
  EXPECT_EQ(first_character("\xee\x80\x80"), 3u); // U+E000
  EXPECT_EQ(first_character("\xef\xbf\xbf"), 3u);
  EXPECT_EQ(first_character("\xf0\x90\x80\x80"), 4u);
  EXPECT_EQ(first_character("\xf4\x8f\xbf\xbf"), 4u); // U+10FFFF
}

TEST(Utf8, KnowsWhatIsNoCharacter) {
  EXPECT_EQ(first_character("\x80"), 0u); // a tail alone
  EXPECT_EQ(first_character("\xbf\x80"), 0u);
  EXPECT_EQ(first_character("\xc0\x80"), 0u);         // overlong NUL
  EXPECT_EQ(first_character("\xc1\xbf"), 0u);         // overlong U+007F
  EXPECT_EQ(first_character("\xe0\x9f\xbf"), 0u);     // overlong U+07FF
  EXPECT_EQ(first_character("\xf0\x8f\xbf\xbf"), 0u); // overlong U+FFFF
  EXPECT_EQ(first_character("\xed\xa0\x80"), 0u);     // U+D800
  EXPECT_EQ(first_character("\xed\xbf\xbf"), 0u);     // U+DFFF
  EXPECT_EQ(first_character("\xf4\x90\x80\x80"), 0u); // U+110000
  EXPECT_EQ(first_character("\xf5\x80\x80\x80"), 0u);
  EXPECT_EQ(first_character("\xff"), 0u);
  EXPECT_EQ(first_character("\xc2\xc0"), 0u); // not a tail
  EXPECT_EQ(first_character("\xe1\x80\x7f"), 0u);
  EXPECT_EQ(first_character("\xf1\x80\x80\xc0"), 0u);
}

TEST(Utf8, KnowsACharacterThatIsCutOff) {
  const std::string_view all[] = {"\xc2\x80", "\xe1\x80\x80", "\xf1\x80\x80\x80"};
  for (std::string_view whole : all)
    for (std::size_t size = 1; size < whole.size(); ++size)
      EXPECT_EQ(first_character(whole.substr(0, size)), 0u) << whole.size() << " " << size;
}

} // namespace
} // namespace tradepulse::utf8
