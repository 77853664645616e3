#include "adapters/kafka/fetch_doubts.hpp"

#include <gtest/gtest.h>

namespace tradepulse::kafka {
namespace {

// Lines as librdkafka 2.0.2 wrote them.
constexpr auto refused = "[thrd:127.0.0.1:29092/1]: ticks.a-b [3]: broker unavailable: fetch: "
                         "Broker: Unknown topic or partition";
constexpr auto reached = "[thrd:sasl_ssl://10.0.0.7:9093/12]: sasl_ssl://10.0.0.7:9093/12: Broker "
                         "changed state AUTH_REQ -> UP";

TEST(FetchDoubts, CountsARefusedFetchOfItsPartitionAlone) {
  fetch_doubts doubts;
  doubts.take_line("BROKERUA", refused);
  EXPECT_EQ(doubts.refusals({"ticks.a-b", 3}), 1U);
  EXPECT_EQ(doubts.refusals({"ticks.a-b", 2}), 0U);
  EXPECT_EQ(doubts.refusals({"ticks", 3}), 0U);
  doubts.take_line("BROKERUA", "ticks [0]: broker unavailable: fetch: Broker: Not leader");
  EXPECT_EQ(doubts.refusals({"ticks", 0}), 1U);
}

TEST(FetchDoubts, CountsEachTimeABrokerIsReached) {
  fetch_doubts doubts;
  doubts.take_line("STATE", reached);
  doubts.take_line("STATE", reached);
  EXPECT_EQ(doubts.connections(12), 2U);
  EXPECT_EQ(doubts.connections(1), 0U);
  EXPECT_EQ(doubts.connections().size(), 1U);
}

TEST(FetchDoubts, TakesNoOtherLineForOne) {
  fetch_doubts doubts;
  doubts.take_line("STATE", "[thrd:a/1]: a:1/1: Broker changed state UP -> DOWN");
  doubts.take_line("STATE", "[thrd:a/b]: a:1/bootstrap: Broker changed state CONNECT -> UP");
  doubts.take_line("STATE", "[thrd:main]: Topic ticks changed state unknown -> exists");
  doubts.take_line("FETCH", refused);
  doubts.take_line("BROKERUA", "");
  doubts.take_line("BROKERUA", "]: broker unavailable: fetch: x");
  doubts.take_line("BROKERUA", "ticks [x]: broker unavailable: fetch: x");
  EXPECT_TRUE(doubts.connections().empty());
  EXPECT_EQ(doubts.refusals({"ticks", 0}), 0U);
}

} // namespace
} // namespace tradepulse::kafka
