#include "adapters/json/utf8.hpp"

#include <string>

#include <gtest/gtest.h>

namespace tradepulse::json {
namespace {

TEST(Utf8, TakesEveryLengthOfCharacter) {
  EXPECT_EQ(find_bad_utf8(""), all_good);
  EXPECT_EQ(find_bad_utf8("plain text of more than eight bytes"), all_good);
  EXPECT_EQ(find_bad_utf8("\x01\x7f"), all_good);
  EXPECT_EQ(find_bad_utf8("\xc2\x80 \xdf\xbf"), all_good);
  EXPECT_EQ(find_bad_utf8("\xe0\xa0\x80 \xed\x9f\xbf \xee\x80\x80 \xef\xbf\xbf"), all_good);
  EXPECT_EQ(find_bad_utf8("\xf0\x90\x80\x80 \xf4\x8f\xbf\xbf"), all_good);
}

TEST(Utf8, FindsNulAtEveryPlaceOfAWord) {
  for (std::size_t at = 0; at < 20; ++at) {
    std::string text(20, 'x');
    text[at] = '\0';
    EXPECT_EQ(find_bad_utf8(text), at);
  }
}

TEST(Utf8, FindsABadByteAtEveryPlaceOfAWord) {
  for (std::size_t at = 0; at < 20; ++at) {
    std::string text(20, 'x');
    text[at] = '\xff';
    EXPECT_EQ(find_bad_utf8(text), at);
  }
}

TEST(Utf8, RefusesOverlongForms) {
  for (const char* text : {"\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xf0\x8f\xbf\xbf"})
    EXPECT_EQ(find_bad_utf8(text), 0U);
}

TEST(Utf8, RefusesSurrogatesAndWhatIsAboveUnicode) {
  for (const char* text : {"\xed\xa0\x80", "\xed\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80"})
    EXPECT_EQ(find_bad_utf8(text), 0U);
}

TEST(Utf8, RefusesACharacterThatEndsEarly) {
  for (const char* text :
       {"\x80", "\xc3", "\xc3x", "\xe2\x82", "\xe2\x82x", "\xf0\x9f\x98", "\xf0\x9f\x98x"})
    EXPECT_EQ(find_bad_utf8(text), 0U);
  EXPECT_EQ(find_bad_utf8("12345678\xe2\x82"), 8U);
}

} // namespace
} // namespace tradepulse::json
