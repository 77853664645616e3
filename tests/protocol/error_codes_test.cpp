#include "protocol/error_codes.hpp"

#include <map>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "protocol/reject_reason.hpp"
#include "protocol/result.hpp"

namespace tradepulse {
namespace {

// Clients keep these numbers in their code: they stay for ever. A new code is added here by hand.
TEST(ErrorCodes, KeepTheirNumbersAndNames) {
  const std::map<int, std::string> expected{{1000, "internal"},
                                            {1001, "bad_request"},
                                            {1002, "unknown_message"},
                                            {1003, "unsupported"},
                                            {1004, "symbol_invalid"},
                                            {1005, "unknown_symbol"},
                                            {1006, "not_owner"},
                                            {1007, "too_many_subscriptions"},
                                            {1008, "too_many_connections"},
                                            {1009, "too_large"},
                                            {1010, "rate_limited"},
                                            {1011, "not_subscribed"},
                                            {1012, "unauthorized"},
                                            {1013, "forbidden"},
                                            {1014, "not_found"},
                                            {1015, "method_not_allowed"},
                                            {1016, "unsupported_media_type"},
                                            {1017, "not_ready"},
                                            {1100, "bad_number"},
                                            {1101, "out_of_range"},
                                            {1102, "too_precise"},
                                            {1103, "bad_time"},
                                            {1104, "bad_json"},
                                            {1105, "bad_utf8"},
                                            {1106, "missing_member"},
                                            {1200, "configuration"},
                                            {1210, "database_unavailable"},
                                            {1211, "database_refused"},
                                            {1212, "database_busy"},
                                            {1220, "log_unavailable"},
                                            {1230, "io"}};
  std::map<int, std::string> found;
  for (const errc_entry& entry : all_error_codes())
    EXPECT_TRUE(found.emplace(static_cast<int>(entry.code), entry.name).second)
        << "twice: " << entry.name;
  EXPECT_EQ(found, expected);
}

TEST(ErrorCodes, HaveANameAndAMeaningEach) {
  std::set<std::string_view> names;
  for (const errc_entry& entry : all_error_codes()) {
    EXPECT_TRUE(names.insert(entry.name).second) << entry.name;
    EXPECT_FALSE(entry.meaning.empty()) << entry.name;
    EXPECT_EQ(to_string(entry.code), entry.name);
    EXPECT_EQ(retryable(entry.code), entry.retryable);
    EXPECT_EQ(http_status(entry.code), entry.http_status);
  }
}

TEST(ErrorCodes, AnswerWithTheStatusesOfTheInterface) {
  const std::set<int> allowed{400, 401, 403, 404, 405, 413, 415, 429, 500, 503};
  for (const errc_entry& entry : all_error_codes())
    EXPECT_EQ(allowed.count(entry.http_status), 1U) << entry.name;
  EXPECT_EQ(http_status(errc::unknown_symbol), 404);
  EXPECT_EQ(http_status(errc::not_owner), 503);
  EXPECT_EQ(http_status(errc::too_large), 413);
}

TEST(ErrorCodes, SayWhichRequestsMayBeRepeated) {
  EXPECT_TRUE(retryable(errc::not_owner));
  EXPECT_TRUE(retryable(errc::database_unavailable));
  EXPECT_FALSE(retryable(errc::symbol_invalid));
  EXPECT_FALSE(retryable(errc::database_refused));
}

TEST(CloseCodes, KeepTheirNumbers) {
  std::set<int> found;
  for (const close_code_entry& entry : all_close_codes()) {
    EXPECT_TRUE(found.insert(static_cast<int>(entry.code)).second) << entry.meaning;
    EXPECT_FALSE(entry.meaning.empty());
  }
  EXPECT_EQ(found, (std::set<int>{1000, 1001, 1003, 1007, 1008, 1009, 1011, 1012, 1013, 4400, 4401,
                                  4403, 4408, 4409, 4413, 4429, 4503}));
}

TEST(RejectReasons, HaveANameEach) {
  EXPECT_EQ(to_string(reject_reason::bad_json), "bad_json");
  EXPECT_EQ(to_string(reject_reason::bad_value), "bad_value");
  EXPECT_EQ(to_string(reject_reason::time_ahead), "time_ahead");
  EXPECT_EQ(to_string(reject_reason::too_deep), "too_deep");
  EXPECT_EQ(to_string(reject_reason::database_refused), "database_refused");
  EXPECT_EQ(reject_reason_names.size(),
            static_cast<std::size_t>(reject_reason::database_refused) + 1);
  EXPECT_EQ(
      std::set<std::string_view>(reject_reason_names.begin(), reject_reason_names.end()).size(),
      reject_reason_names.size());
}

TEST(Result, HoldsAValueOrAFailure) {
  const result<int> good = 7;
  ASSERT_TRUE(good);
  EXPECT_EQ(*good, 7);
  const result<int> bad = error{errc::io, "disk"};
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.failure(), (error{errc::io, "disk"}));
  EXPECT_TRUE(result<void>{});
  EXPECT_FALSE((result<void>{error{errc::io, "disk"}}));
}

} // namespace
} // namespace tradepulse
