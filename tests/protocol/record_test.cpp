#include "protocol/record.hpp"

#include <gtest/gtest.h>

namespace tradepulse {
namespace {

record sample() {
  record out;
  out.offset = record_offset{42};
  out.append_time = time_ms{std::chrono::milliseconds{1'723'161'256'543}};
  out.key = "AAPL";
  out.has_key = true;
  out.value = R"({"price":1})";
  return out;
}

// The values were computed by another program, from the definition: they are stored in databases,
// so they must never change.
TEST(RecordDigest, IsTheOneThatIsStored) {
  EXPECT_EQ(record_digest(sample()), 13'767'260'148'820'646'521U);
}

TEST(RecordDigest, TellsAbsentPartsFromEmptyOnes) {
  record r = sample();
  r.value.reset();
  EXPECT_EQ(record_digest(r), 9'059'379'690'526'883'380U);
  r = sample();
  r.has_key = false;
  r.key = {};
  EXPECT_EQ(record_digest(r), 10'123'425'761'787'627'067U);
  r.has_key = true;
  EXPECT_EQ(record_digest(r), 1'824'345'638'858'850'755U);
}

TEST(RecordDigest, TakesARecordOfNothing) {
  record r;
  r.append_time = time_ms{std::chrono::milliseconds{-1}};
  EXPECT_EQ(record_digest(r), 1'984'462'518'668'877'325U);
}

TEST(RecordDigest, ChangesWithEachPart) {
  const auto original = record_digest(sample());
  record r = sample();
  r.offset = record_offset{43};
  EXPECT_NE(record_digest(r), original);
  r = sample();
  r.append_time += std::chrono::milliseconds{1};
  EXPECT_NE(record_digest(r), original);
  r = sample();
  r.key = "AAPM";
  EXPECT_NE(record_digest(r), original);
  r = sample();
  r.value = R"({"price":2})";
  EXPECT_NE(record_digest(r), original);
}

TEST(RecordDigest, KeepsKeyAndValueApart) {
  record a = sample();
  a.key = "ab";
  a.value = "c";
  record b = sample();
  b.key = "a";
  b.value = "bc";
  EXPECT_NE(record_digest(a), record_digest(b));
}

TEST(RecordBatch, HoldsCreditForItsEventsAndBytes) {
  record_batch batch;
  batch.bytes = "AAPL{}";
  batch.records.resize(2);
  EXPECT_EQ(batch.credit_events(), 2U);
  EXPECT_EQ(batch.credit_bytes(), 6 + 2 * sizeof(record));
}

} // namespace
} // namespace tradepulse
