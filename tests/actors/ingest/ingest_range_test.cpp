#include "actors/ingest/ingest_range.hpp"

#include <thread>

#include <gtest/gtest.h>

#include "tests/actors/support/samples.hpp"

namespace tradepulse {
namespace {

using samples::named;

struct Range : testing::Test {
  std::shared_ptr<ingest_range> open(std::vector<std::string_view> symbols, std::size_t letters) {
    auto range = std::make_shared<ingest_range>();
    for (auto name : symbols) {
      ingest_range::slot slot;
      slot.symbol = named(name);
      range->slots.push_back(slot);
    }
    range->open(letters, [this](std::shared_ptr<ingest_range>, std::optional<stream_key> who) {
      ++settled;
      failed = who;
    });
    return range;
  }
  int settled = 0;
  std::optional<stream_key> failed;
};

TEST_F(Range, IsCompleteOnlyWhenEveryParticipantHasAcknowledged) {
  auto range = open({"A", "B"}, 1);
  range_ticket a{range, 0};
  range_ticket b{range, 1};
  range_ticket letter{range, 2};
  b.acknowledge();
  letter.acknowledge();
  EXPECT_EQ(settled, 0);
  a.acknowledge();
  EXPECT_EQ(settled, 1);
  EXPECT_EQ(failed, std::nullopt);
}

TEST_F(Range, IsCompleteInWhateverOrderTheyAcknowledge) {
  for (const auto& order : {std::array{0, 1, 2}, std::array{2, 1, 0}, std::array{1, 2, 0}}) {
    settled = 0;
    auto range = open({"A", "B", "C"}, 0);
    std::vector<range_ticket> tickets;
    for (std::size_t i = 0; i < 3; ++i)
      tickets.emplace_back(range, i);
    for (int i : order) {
      EXPECT_EQ(settled, 0);
      tickets[static_cast<std::size_t>(i)].acknowledge();
    }
    EXPECT_EQ(settled, 1);
    EXPECT_EQ(failed, std::nullopt);
  }
}

TEST_F(Range, FailsByTheNameOfTheSymbolWhoseTicketDiedUnacknowledged) {
  auto range = open({"A", "B"}, 0);
  range_ticket a{range, 0};
  { range_ticket b{range, 1}; }
  EXPECT_EQ(settled, 0); // the others may still write into it
  a.acknowledge();
  EXPECT_EQ(settled, 1);
  EXPECT_EQ(failed, named("B"));
}

TEST_F(Range, FailsWithoutANameWhereALetterDied) {
  auto range = open({"A"}, 1);
  range_ticket a{range, 0};
  a.acknowledge();
  { range_ticket letter{range, 1}; }
  EXPECT_EQ(settled, 1);
  EXPECT_EQ(failed, symbol{});
}

TEST_F(Range, NamesTheFirstOfSeveralThatFailed) {
  auto range = open({"A", "B", "C"}, 0);
  auto a = std::make_unique<range_ticket>(range, 0);
  auto b = std::make_unique<range_ticket>(range, 1);
  auto c = std::make_unique<range_ticket>(range, 2);
  b.reset();
  c.reset();
  a.reset();
  EXPECT_EQ(settled, 1);
  EXPECT_EQ(failed, named("B"));
}

TEST_F(Range, DoesNotFailWhenATicketDiesAfterItsAcknowledgement) {
  auto range = open({"A", "B"}, 0);
  {
    range_ticket a{range, 0};
    a.acknowledge();
  }
  EXPECT_EQ(settled, 0);
  {
    range_ticket b{range, 1};
    b.acknowledge();
  }
  EXPECT_EQ(settled, 1);
  EXPECT_EQ(failed, std::nullopt);
}

TEST_F(Range, LivesAsLongAsOneCopyOfATicketDoes) {
  auto range = open({"A"}, 0);
  auto a = std::make_unique<range_ticket>(range, 0);
  auto copy = std::make_unique<range_ticket>(*a);
  a.reset();
  EXPECT_EQ(settled, 0);
  copy->acknowledge();
  EXPECT_EQ(settled, 1);
  copy.reset();
  EXPECT_EQ(settled, 1);
  EXPECT_EQ(failed, std::nullopt);
}

TEST_F(Range, FailsWhenTheLastCopyDiesUnacknowledged) {
  auto range = open({"A"}, 0);
  auto a = std::make_unique<range_ticket>(range, 0);
  auto copy = std::make_unique<range_ticket>(*a);
  a.reset();
  EXPECT_EQ(settled, 0);
  copy.reset();
  EXPECT_EQ(settled, 1);
  EXPECT_EQ(failed, named("A"));
}

TEST_F(Range, IsNotFailedByWhatATicketWasMovedOutOf) {
  auto range = open({"A"}, 0);
  auto a = std::make_unique<range_ticket>(range, 0);
  auto moved = std::make_unique<range_ticket>(std::move(*a));
  a.reset();
  EXPECT_EQ(settled, 0);
  moved->acknowledge();
  EXPECT_EQ(settled, 1);
  EXPECT_EQ(failed, std::nullopt);
}

TEST_F(Range, CountsASecondAcknowledgementOfOneTicketOnce) {
  auto range = open({"A", "B"}, 0);
  range_ticket a{range, 0};
  range_ticket copy = a;
  range_ticket b{range, 1};
  a.acknowledge();
  copy.acknowledge();
  EXPECT_EQ(settled, 0);
  b.acknowledge();
  EXPECT_EQ(settled, 1);
}

TEST_F(Range, TakesTheRightSlotFromATicket) {
  auto range = open({"A", "B"}, 0);
  range_ticket b{range, 1};
  EXPECT_EQ(b.slot().symbol, named("B"));
  b.acknowledge();
  range_ticket a{range, 0};
  a.acknowledge();
}

TEST_F(Range, SettlesOnceWhenManyThreadsFinishTogether) {
  constexpr std::size_t width = 8;
  for (int round = 0; round < 200; ++round) {
    std::atomic<int> calls{0};
    std::optional<stream_key> who;
    auto range = std::make_shared<ingest_range>();
    range->slots.resize(width);
    for (auto& slot : range->slots)
      slot.symbol = named("S");
    range->slots[3].symbol = named("BAD");
    range->open(0, [&](std::shared_ptr<ingest_range>, std::optional<stream_key> f) {
      ++calls;
      who = f;
    });
    std::vector<range_ticket> tickets;
    for (std::size_t i = 0; i < width; ++i)
      tickets.emplace_back(range, i);
    std::vector<std::thread> threads;
    const bool one_dies = round % 2 == 0;
    for (std::size_t half = 0; half < 2; ++half)
      threads.emplace_back([&, half] {
        for (std::size_t i = half; i < width; i += 2) {
          range_ticket mine = std::move(tickets[i]);
          if (!one_dies || i != 3)
            mine.acknowledge();
        }
      });
    for (auto& each : threads)
      each.join();
    ASSERT_EQ(calls.load(), 1);
    ASSERT_EQ(who, one_dies ? std::optional(named("BAD")) : std::nullopt);
  }
}

} // namespace
} // namespace tradepulse
