#include "adapters/postgres/faults.hpp"

#include <stdexcept>

#include <gtest/gtest.h>
#include <pqxx/pqxx>

namespace tradepulse {
namespace {

TEST(DatabaseFault, IsRetriedWhereTheServerIsOverloadedOrLocked) {
  for (const char* state : {"40001", "40P01", "53300", "53100", "55P03", "57014", "58030"})
    EXPECT_EQ(classify(state, true), fault_kind::retry) << state;
}

TEST(DatabaseFault, IsPoisonWhereTheDataIsRefused) {
  for (const char* state : {"22003", "22021", "23505", "23514", "P0001"})
    EXPECT_EQ(classify(state, true), fault_kind::poison) << state;
}

TEST(DatabaseFault, LosesTheConnectionWhereTheServerGoesAwayOrBecomesAReplica) {
  for (const char* state : {"", "08006", "25006", "57P01", "57P02", "57P03", "57P05"})
    EXPECT_EQ(classify(state, true), fault_kind::lost) << state;
}

TEST(DatabaseFault, LosesTheConnectionWhateverTheStateWhereItIsClosed) {
  for (const char* state : {"40001", "22003", "25P03", "42P01"})
    EXPECT_EQ(classify(state, false), fault_kind::lost) << state;
}

TEST(DatabaseFault, IsRefusedForAnythingElse) {
  for (const char* state : {"42P01", "42501", "0A000"})
    EXPECT_EQ(classify(state, true), fault_kind::refused) << state;
}

// libpqxx 6 throws it without its state.
TEST(DatabaseFault, IsRefusedWhereARightIsMissing) {
  const auto thrown = std::make_exception_ptr(
      pqxx::insufficient_privilege("ERROR:  permission denied for table a"));
  const auto fault = fault_of(thrown, true);
  EXPECT_EQ(fault.kind, fault_kind::refused);
  EXPECT_EQ(fault.as_error().detail,
            "PostgreSQL: SQLSTATE 42501: ERROR:  permission denied for table a");
  EXPECT_EQ(fault_of(thrown, false).kind, fault_kind::lost);
}

TEST(DatabaseFault, IsLostWhereACommitIsInDoubt) {
  const auto fault = fault_of(std::make_exception_ptr(pqxx::in_doubt_error("perhaps")), true);
  EXPECT_EQ(fault.kind, fault_kind::lost);
}

TEST(DatabaseFault, KeepsOneLineOfTheMessageSoThatNoValuesOfRowsAreLogged) {
  const auto fault = fault_of(std::make_exception_ptr(pqxx::sql_error(
                                  "ERROR:  duplicate key\nDETAIL:  Key (symbol)=(X)", "", "23505")),
                              true);
  EXPECT_EQ(fault.message, "ERROR:  duplicate key");
  EXPECT_EQ(fault.as_error().code, errc::database_refused);
  EXPECT_EQ(fault.as_error().detail, "PostgreSQL: SQLSTATE 23505: ERROR:  duplicate key");
}

TEST(DatabaseFault, LeavesOtherExceptionsAlone) {
  EXPECT_THROW(fault_of(std::make_exception_ptr(std::logic_error("mine")), true), std::logic_error);
}

} // namespace
} // namespace tradepulse
