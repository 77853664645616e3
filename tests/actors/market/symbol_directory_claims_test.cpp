#include "actors/market/symbol_directory.hpp"

#include <chrono>

#include <gtest/gtest.h>

#include "actors/message_types.hpp"
#include "protocol/stored_stream.hpp"
#include "tests/actors/support/samples.hpp"

// Whether memory knows how far a stream is numbered, of which another process may have had events.
namespace tradepulse {
namespace {

using namespace std::chrono_literals;
using samples::named;
using samples::pos;

const topic_partition ours{"ticks", 0};
const topic_partition theirs{"ticks", 1};
const stream_key stream{named("A"), stream_kind::price};

stored_stream row(stream_position at) {
  stored_stream out;
  out.symbol = stream.symbol;
  out.home = theirs;
  out.position = at;
  out.snapshot = price_snapshot{{out.symbol, at, out.kind}, samples::costs(1), {},
                                samples::at(0),             at.seq,            {}};
  return out;
}

struct DirectoryOfTwoProcesses : testing::Test {
  DirectoryOfTwoProcesses() {
    directory.set_listed_partitions(2);
    directory.hold(ours);
  }
  bool can_number() const { return directory.can_number(stream, ours); }

  symbol_directory directory{10, 0, 1s};
};

TEST_F(DirectoryOfTwoProcesses, DoesNotKnowAStreamThatItHasNotSeenOrThatIsNotHeld) {
  EXPECT_FALSE(can_number());
  directory.preload({row(pos(1, 5))});
  EXPECT_FALSE(can_number());
  EXPECT_TRUE(directory.can_number(stream, theirs)); // by the claim of its home
}

TEST_F(DirectoryOfTwoProcesses, KnowsTheStreamsOfAPartitionFromItsClaimToItsEnd) {
  directory.preload({row(pos(1, 5))});
  directory.hold(theirs);
  EXPECT_TRUE(can_number());
  directory.let_go(theirs);
  EXPECT_FALSE(can_number());
  directory.hold(theirs);
  directory.set_assignment({ours});
  EXPECT_FALSE(can_number());
}

TEST_F(DirectoryOfTwoProcesses, UsesAnAnswerUnlessAClaimHasBroughtAsMuchMeanwhile) {
  EXPECT_TRUE(directory.can_use(row(pos(1, 5)), ours)); // of what it has never seen
  directory.preload({row(pos(1, 6))});
  EXPECT_FALSE(directory.can_use(row(pos(1, 5)), ours));
  EXPECT_TRUE(directory.can_use(row(pos(1, 6)), ours));
  EXPECT_TRUE(directory.can_use(row(pos(2, 1)), ours));
  directory.hold(theirs);
  EXPECT_FALSE(directory.can_use(row(pos(2, 1)), ours));
}

} // namespace
} // namespace tradepulse
