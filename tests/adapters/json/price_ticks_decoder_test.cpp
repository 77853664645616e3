#include <gtest/gtest.h>

#include "tests/adapters/json/decoder_testing.hpp"

namespace tradepulse {
namespace {

using namespace json_testing;
using namespace std::chrono_literals;

class PriceTicks : public testing::Test {
 protected:
  decode_outcome decoded(std::string_view value) { return decoder_->decode(record_of(value)); }
  std::string line(std::string_view value) { return line_of(decoded(value)); }
  std::string detail(std::string_view value) { return detail_of(decoded(value)); }

  // A record whose named member has another value; "" leaves the member out.
  static std::string with(std::string_view name, std::string_view value) {
    std::string out = "{";
    const auto put = [&](std::string_view key, std::string_view usual) {
      const std::string_view text = key == name ? value : usual;
      if (text.empty())
        return;
      out += out.size() > 1 ? "," : "";
      out.append("\"").append(key).append("\":").append(text);
    };
    put("symbol", R"("AAPL")");
    put("price", "150.25");
    put("volume", "100");
    put("timestamp", "1723161256543");
    return out + "}";
  }

  std::unique_ptr<tick_decoder> decoder_ = make_decoder(decoder_kind::price_ticks);
};

TEST_F(PriceTicks, ReadsTheFormOfTheTopic) {
  EXPECT_EQ(line(R"({"symbol":"AAPL","price":150.25,"volume":100,"timestamp":1723161256543})"),
            "tick AAPL 150.25 x 100 at 1723161256543");
}

TEST_F(PriceTicks, KeepsTheRecordsPlaceAndTime) {
  const auto outcome = decoded(with("", ""));
  const auto& out = std::get<decoded_tick>(outcome);
  EXPECT_EQ(out.tick.offset, record_offset{42});
  EXPECT_EQ(out.tick.append_time, appended_at);
  EXPECT_FALSE(out.tick.source_sequence);
}

TEST_F(PriceTicks, TakesNumbersInStrings) {
  EXPECT_EQ(
      line(R"({"symbol":"AAPL","price":"150.25","volume":"1e2","timestamp":"1723161256543"})"),
      "tick AAPL 150.25 x 100 at 1723161256543");
}

TEST_F(PriceTicks, TakesTimesInIso8601) {
  EXPECT_EQ(line(with("timestamp", R"("2024-08-08T23:54:16.543Z")")),
            "tick AAPL 150.25 x 100 at 1723161256543");
  EXPECT_EQ(line(with("timestamp", R"("2024-08-09T01:54:16.543+02:00")")),
            "tick AAPL 150.25 x 100 at 1723161256543");
}

TEST_F(PriceTicks, KeepsEveryDigitOfAPrice) {
  EXPECT_EQ(line(with("price", "92233720368.54775807")),
            "tick AAPL 92233720368.54775807 x 100 at 1723161256543");
  EXPECT_EQ(line(with("price", "0.00000001")), "tick AAPL 0.00000001 x 100 at 1723161256543");
  EXPECT_EQ(line(with("price", "15.025e1")), "tick AAPL 150.25 x 100 at 1723161256543");
  EXPECT_EQ(line(with("price", "150.2500000000000")), "tick AAPL 150.25 x 100 at 1723161256543");
  EXPECT_EQ(line(with("price", "0")), "tick AAPL 0 x 100 at 1723161256543");
  EXPECT_EQ(line(with("price", "-0.0")), "tick AAPL 0 x 100 at 1723161256543");
}

TEST_F(PriceTicks, KeepsEveryDigitOfAVolume) {
  EXPECT_EQ(line(with("volume", "999999999999.99999999")),
            "tick AAPL 150.25 x 999999999999.99999999 at 1723161256543");
}

TEST_F(PriceTicks, TakesAnAbsentVolumeAndANullOneAsNone) {
  EXPECT_EQ(line(with("volume", "")), "tick AAPL 150.25 at 1723161256543");
  EXPECT_EQ(line(with("volume", "null")), "tick AAPL 150.25 at 1723161256543");
}

TEST_F(PriceTicks, IgnoresMembersItDoesNotKnow) {
  EXPECT_EQ(line(R"({"exchange":{"name":"X","lots":[1,2,{"price":9}]},"price":150.25,)"
                 R"("symbol":"AAPL","timestamp":1723161256543,"Price":7,"note":"\u00e9"})"),
            "tick AAPL 150.25 at 1723161256543");
}

TEST_F(PriceTicks, TakesTheLastOfADoubledMember) {
  EXPECT_EQ(
      line(
          R"({"symbol":"AAPL","price":1,"price":150.25,"timestamp":1723161256543,"symbol":"MSFT"})"),
      "tick MSFT 150.25 at 1723161256543");
  EXPECT_EQ(line(R"({"symbol":"AAPL","price":1,"timestamp":1723161256543,"price":[]})"),
            "rejected wrong_type");
}

TEST_F(PriceTicks, TakesWhiteSpaceAndEscapes) {
  EXPECT_EQ(line(" \t\r\n{ \"symbol\" : \"\\u0041APL\" ,\n\"price\":1 , \"timestamp\" : "
                 "1723161256543 } \n"),
            "tick AAPL 1 at 1723161256543");
}

TEST_F(PriceTicks, NeverLooksAtTheKey) {
  auto r = record_of(R"({"symbol":"AAPL","price":1,"timestamp":1723161256543})");
  r.has_key = true;
  r.key = "MSFT";
  EXPECT_EQ(line_of(decoder_->decode(r)), "tick AAPL 1 at 1723161256543");
}

TEST_F(PriceTicks, CountsANullValueAsATombstone) {
  record r;
  EXPECT_EQ(line_of(decoder_->decode(r)), "tombstone");
}

TEST_F(PriceTicks, RefusesAnEmptyValue) {
  EXPECT_EQ(line(""), "rejected bad_json");
}

TEST_F(PriceTicks, RefusesWhatIsNotJson) {
  EXPECT_EQ(line("AAPL,150.25"), "rejected bad_json");
  EXPECT_EQ(line(R"({"symbol":"AAPL")"), "rejected bad_json");
  EXPECT_EQ(line(R"({"symbol":"AAPL","price":1,"timestamp":1723161256543,})"), "rejected bad_json");
  EXPECT_EQ(line(R"({'symbol':'AAPL'})"), "rejected bad_json");
  EXPECT_EQ(line(with("price", "+1")), "rejected bad_json");
  EXPECT_EQ(line(with("price", "01")), "rejected bad_json");
  EXPECT_EQ(line(with("price", ".5")), "rejected bad_json");
  EXPECT_EQ(line(with("price", "5.")), "rejected bad_json");
  EXPECT_EQ(line(with("price", "nul")), "rejected bad_json");
  EXPECT_EQ(line(with("symbol", "\"A\nB\"")), "rejected bad_json");
  EXPECT_EQ(detail(R"({"symbol":"AAPL" "price":1})"),
            "byte 17: Missing a comma or '}' after an object member.");
}

TEST_F(PriceTicks, RefusesBytesBehindTheObject) {
  EXPECT_EQ(line(with("", "") + "x"), "rejected bad_json");
  EXPECT_EQ(line(with("", "") + with("", "")), "rejected bad_json");
  EXPECT_EQ(line(with("", "") + "\n"), "tick AAPL 150.25 x 100 at 1723161256543");
}

TEST_F(PriceTicks, RefusesAByteOrderMark) {
  EXPECT_EQ(line("\xef\xbb\xbf" + with("", "")), "rejected bad_json");
}

TEST_F(PriceTicks, RefusesWhatIsNotAnObject) {
  for (const char* text : {"[]", "1", "\"AAPL\"", "null", "true", "[{\"symbol\":\"AAPL\"}]"})
    EXPECT_EQ(line(text), "rejected wrong_type") << text;
  EXPECT_EQ(detail("[]"), "value: an array, must be an object");
}

TEST_F(PriceTicks, RefusesBadUtf8AndNulAnywhere) {
  EXPECT_EQ(line(with("note", "") + "\xff"), "rejected bad_utf8");
  EXPECT_EQ(line(R"({"note":")" + std::string("\xc3\x28") + "\"," + with("", "").substr(1)),
            "rejected bad_utf8");
  std::string nul = with("", "");
  nul.insert(12, 1, '\0');
  EXPECT_EQ(line(nul), "rejected bad_utf8");
  EXPECT_EQ(detail(nul), "byte 12: NUL, which no text may hold");
  EXPECT_EQ(line(with("", "") + std::string(1, '\0')), "rejected bad_utf8");
}

TEST_F(PriceTicks, RefusesAnEscapedNulInASymbol) {
  EXPECT_EQ(line(with("symbol", R"("AA\u0000PL")")), "rejected bad_symbol");
}

TEST_F(PriceTicks, RefusesNumbersThatAreNone) {
  for (const char* text : {"NaN", "Infinity", "-Infinity", "nan", "inf", "-inf", R"("NaN")",
                           R"("Infinity")", R"("")", R"(" 1")", R"("1,5")", R"("0x10")", R"("+1")"})
    EXPECT_EQ(line(with("price", text)), "rejected bad_number") << text;
  EXPECT_EQ(detail(with("price", "NaN")), "byte 25: NaN is not a number");
  EXPECT_EQ(detail(with("price", R"("abc")")), "price \"abc\": not a decimal number");
}

TEST_F(PriceTicks, RefusesAbsentMembers) {
  EXPECT_EQ(line(with("symbol", "")), "rejected missing_member");
  EXPECT_EQ(line(with("price", "")), "rejected missing_member");
  EXPECT_EQ(line(with("timestamp", "")), "rejected missing_member");
  EXPECT_EQ(line("{}"), "rejected missing_member");
  EXPECT_EQ(detail(with("price", "")), "price: absent, and required");
}

TEST_F(PriceTicks, RefusesMembersOfAnotherType) {
  EXPECT_EQ(line(with("symbol", "7")), "rejected wrong_type");
  EXPECT_EQ(line(with("symbol", "null")), "rejected wrong_type");
  EXPECT_EQ(line(with("price", "true")), "rejected wrong_type");
  EXPECT_EQ(line(with("price", "null")), "rejected wrong_type");
  EXPECT_EQ(line(with("price", R"({"amount":1})")), "rejected wrong_type");
  EXPECT_EQ(line(with("volume", "[1]")), "rejected wrong_type");
  EXPECT_EQ(line(with("timestamp", "false")), "rejected wrong_type");
  EXPECT_EQ(detail(with("price", "true")),
            "price: a boolean, must be a number or a string that holds one");
}

TEST_F(PriceTicks, RefusesNegativeValues) {
  EXPECT_EQ(line(with("price", "-1")), "rejected negative");
  EXPECT_EQ(line(with("price", R"("-0.00000001")")), "rejected negative");
  EXPECT_EQ(line(with("volume", "-1")), "rejected negative");
  EXPECT_EQ(detail(with("price", "-1")),
            "price \"-1\": negative, must be 0 up to 92233720368.54775807");
  EXPECT_EQ(detail(with("volume", "-1")), "volume \"-1\": negative, must be 0 up to below 10^12");
}

TEST_F(PriceTicks, RefusesMoreThanEightDecimals) {
  EXPECT_EQ(line(with("price", "0.000000001")), "rejected too_precise");
  EXPECT_EQ(line(with("volume", R"("1e-9")")), "rejected too_precise");
  EXPECT_EQ(detail(with("price", "1e-12")), "price \"1e-12\": 12 decimals, at most 8");
}

TEST_F(PriceTicks, RefusesValuesOutOfRange) {
  EXPECT_EQ(line(with("price", "92233720368.54775808")), "rejected out_of_range");
  EXPECT_EQ(line(with("volume", "1000000000000")), "rejected out_of_range");
  EXPECT_EQ(line(with("price", "1e28")), "rejected out_of_range");
  EXPECT_EQ(line(with("price", "1e999")), "rejected out_of_range");
  EXPECT_EQ(line(with("price", R"("1e999999999999")")), "rejected out_of_range");
  EXPECT_EQ(line(with("price", "1" + std::string(400, '0'))), "rejected out_of_range");
  EXPECT_EQ(detail(with("volume", "1e12")), "volume \"1e12\": a volume is 0 up to below 10^12");
}

TEST_F(PriceTicks, RefusesSymbolsAgainstTheRule) {
  for (const char* text : {R"("")", R"("A B")", R"("AAPL\n")", R"("ÄPFEL")", R"("a'b")",
                           R"("123456789012345678901234567890123")"})
    EXPECT_EQ(line(with("symbol", text)), "rejected bad_symbol") << text;
  EXPECT_EQ(line(with("symbol", R"("12345678901234567890123456789012")")),
            "tick 12345678901234567890123456789012 150.25 x 100 at 1723161256543");
  EXPECT_EQ(detail(with("symbol", R"("A B")")),
            "symbol: symbol \"A B\" (3 bytes): 1 to 32 characters of A-Za-z0-9._:/=^&+-");
}

TEST_F(PriceTicks, RefusesTimesThatAreNone) {
  for (const char* text :
       {"1723161256543.5", "1.7e12", "-1", "946684799999", "4102444800000", R"("")",
        R"("yesterday")", R"("2024-02-30T00:00:00Z")", R"("2024-08-08T23:54:16")"})
    EXPECT_EQ(line(with("timestamp", text)), "rejected bad_time") << text;
}

TEST_F(PriceTicks, RefusesATimeTooFarAheadOfItsRecord) {
  // The record was appended at 1723161256600.
  EXPECT_EQ(line(with("timestamp", "1723164856600")), "tick AAPL 150.25 x 100 at 1723164856600");
  EXPECT_EQ(line(with("timestamp", "1723164856601")), "rejected time_ahead");
  EXPECT_EQ(detail(with("timestamp", "1723164856601")),
            "timestamp 2024-08-09T00:54:16.601Z: 3600001 ms after its record "
            "(2024-08-08T23:54:16.600Z), at most 3600000");
  EXPECT_EQ(line(with("timestamp", "946684800000")), "tick AAPL 150.25 x 100 at 946684800000");
}

TEST_F(PriceTicks, JudgesNoTimeByARecordWithoutOne) {
  EXPECT_EQ(line_of(decoder_->decode(record_of(with("", ""), time_ms{-1ms}))),
            "tick AAPL 150.25 x 100 at 1723161256543");
}

TEST_F(PriceTicks, RefusesAValueAboveTheLimit) {
  std::string at_limit = with("", "");
  at_limit.append(65536 - at_limit.size(), ' ');
  EXPECT_EQ(line(at_limit), "tick AAPL 150.25 x 100 at 1723161256543");
  EXPECT_EQ(line(at_limit + " "), "rejected too_large");
  EXPECT_EQ(detail(at_limit + " "), "value: 65537 bytes, at most 65536");
}

TEST_F(PriceTicks, TakesItsLimitsFromTheOptions) {
  const auto small =
      make_decoder(decoder_kind::price_ticks, {.max_ahead = 1s, .max_record_bytes = 80});
  EXPECT_EQ(line_of(small->decode(record_of(with("timestamp", "1723161257601")))),
            "rejected time_ahead");
  EXPECT_EQ(line_of(small->decode(record_of(with("", "") + std::string(20, ' ')))),
            "rejected too_large");
}

TEST_F(PriceTicks, RefusesNestingDeeperThan32) {
  const auto nested = [&](int levels) {
    return R"({"note":)" + std::string(static_cast<std::size_t>(levels), '[') +
           std::string(static_cast<std::size_t>(levels), ']') + "," + with("", "").substr(1);
  };
  EXPECT_EQ(line(nested(31)), "tick AAPL 150.25 x 100 at 1723161256543");
  EXPECT_EQ(line(nested(32)), "rejected too_deep");
  EXPECT_EQ(line(std::string(60000, '[')), "rejected too_deep");
  EXPECT_EQ(detail(nested(32)), "byte 39: nested deeper than 32 levels");
}

TEST_F(PriceTicks, GoesOnAfterABadRecord) {
  EXPECT_EQ(line(R"({"symbol":"MSFT","price":)"), "rejected bad_json");
  EXPECT_EQ(line(R"({"price":1,"timestamp":1723161256543})"), "rejected missing_member");
  EXPECT_EQ(line(with("", "")), "tick AAPL 150.25 x 100 at 1723161256543");
}

TEST_F(PriceTicks, KeepsDetailsShort) {
  const std::string long_text(30000, 'x');
  for (const auto& value :
       {with("symbol", "\"" + long_text + "\""), with("price", "\"" + long_text + "\""),
        with("timestamp", "\"" + long_text + "\""), with("price", "1" + std::string(30000, '0'))})
    EXPECT_LE(detail(value).size(), 200U);
}

} // namespace
} // namespace tradepulse
