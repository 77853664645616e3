#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <typeinfo>
#include <vector>

#include <gtest/gtest.h>

#include <caf/mailbox_element.hpp>
#include <caf/type_erased_tuple.hpp>

#include "actors/messages.hpp"
#include "tests/costs/cost_counters.hpp"
#include "tests/costs/real_line.hpp"

// How many messages the actors really send for a batch, seen at the entry of every mailbox.
namespace tradepulse::costs {
namespace {

std::mutex mutex;
std::map<const std::type_info*, std::uint64_t> seen;

void note(const caf::mailbox_element& message) {
  const auto* type = message.content().type(0).second;
  std::lock_guard lock(mutex);
  ++seen[type];
}

template <class Message>
std::uint64_t of_type() {
  const uncounted ours;
  std::lock_guard lock(mutex);
  std::uint64_t out = 0;
  for (const auto& [type, count] : seen)
    if (type && *type == typeid(Message))
      out += count;
  return out;
}

struct batch_case {
  std::size_t symbols;    // of the partition
  std::size_t records;    // of the batch
  std::size_t in_batch;   // symbols that have a record in it
  std::size_t subscribed; // symbols, each by three clients on every I/O thread
  std::size_t io_threads;
  std::uint64_t bursts;
  std::uint64_t deliveries;
};

struct ActorMessages : testing::TestWithParam<batch_case> {
  ~ActorMessages() override { observe_messages(nullptr); }
};

// One to the partition actor, one to each symbol in the batch, one to the writer, one back to the
// partition actor; one a symbol and I/O thread where somebody listens, however many. To itself the
// writer sends one a transaction: that the flush is due.
TEST_P(ActorMessages, OfABatchAreTheSymbolsInItAndThree) {
  const auto& is = GetParam();
  line_options options;
  options.symbols = is.symbols;
  options.io_threads = is.io_threads;
  real_line line(options);
  for (std::size_t known = 0; known < is.symbols; known += is.records)
    line.read(line.records(is.records));
  ASSERT_TRUE(line.at_rest());
  line.subscribe(is.subscribed, 3);
  auto batch = line.records(is.records);
  const auto commits = line.commits();
  seen.clear();
  observe_messages(note);
  const auto before = so_far();

  line.read(std::move(batch));
  ASSERT_TRUE(line.settled());
  ASSERT_TRUE(line.delivered(is.deliveries));

  observe_messages(nullptr);
  EXPECT_EQ(of_type<batch_arrived>(), 1U);
  EXPECT_EQ(of_type<symbol_work>(), is.in_batch);
  EXPECT_EQ(of_type<range_complete>(), 1U);
  EXPECT_EQ(of_type<range_committed>(), 1U);
  EXPECT_EQ(of_type<burst_ptr>(), is.bursts);
  // Its own; and the one that was armed before full batches were flushed at once may come as well.
  const auto flushes = of_type<flush_due>();
  EXPECT_GE(flushes, 1U);
  EXPECT_LE(flushes, 2U);
  EXPECT_EQ(line.commits() - commits, 1U);
  // Nothing else was sent.
  EXPECT_EQ((so_far() - before).messages, is.in_batch + 3 + is.bursts + flushes);
}

INSTANTIATE_TEST_SUITE_P(
    Alone, ActorMessages,
    testing::Values(batch_case{1, 1, 1, 0, 1, 0, 0}, batch_case{1, 100, 1, 0, 1, 0, 0},
                    batch_case{1, 4'096, 1, 0, 1, 0, 0}, batch_case{300, 1, 1, 0, 1, 0, 0},
                    batch_case{300, 100, 100, 0, 1, 0, 0}, batch_case{300, 4'096, 300, 0, 1, 0, 0},
                    batch_case{5'000, 1, 1, 0, 1, 0, 0}, batch_case{5'000, 100, 100, 0, 1, 0, 0},
                    batch_case{5'000, 4'096, 4'096, 0, 1, 0, 0}));

INSTANTIATE_TEST_SUITE_P(WithSubscribers, ActorMessages,
                         testing::Values(batch_case{1, 1, 1, 1, 1, 1, 3},
                                         batch_case{1, 4'096, 1, 1, 2, 2, 24'576},
                                         batch_case{300, 1, 1, 300, 1, 1, 3},
                                         batch_case{300, 100, 100, 300, 2, 200, 600},
                                         batch_case{300, 4'096, 300, 300, 1, 300, 12'288},
                                         batch_case{5'000, 100, 100, 5'000, 1, 100, 300},
                                         batch_case{5'000, 4'096, 4'096, 5'000, 2, 8'192, 24'576}));

// Batches that follow each other share a transaction, and with it the writer's messages.
TEST(ActorMessagesOfManyBatches, AreFewerWhereTransactionsAreShared) {
  line_options options;
  options.symbols = 300;
  options.flush_interval = std::chrono::milliseconds{500};
  real_line line(options);
  line.read(line.records(300));
  ASSERT_TRUE(line.at_rest());
  observe_messages(note);
  seen.clear();
  std::vector<std::shared_ptr<const record_batch>> batches;
  for (int i = 0; i < 100; ++i)
    batches.push_back(line.records(4'096));
  const auto commits = line.commits();
  const auto before = so_far();
  for (auto& each : batches)
    line.read(std::move(each));
  ASSERT_TRUE(line.settled());
  const auto transactions = line.commits() - commits;
  EXPECT_EQ(of_type<range_committed>(), transactions);
  EXPECT_LE(of_type<flush_due>(), transactions + 1);
  // To the partition, to 300 symbols, to the writer.
  EXPECT_EQ((so_far() - before).messages,
            100U * 302U + of_type<range_committed>() + of_type<flush_due>());
  EXPECT_LE(transactions, 100U);
  observe_messages(nullptr);
}

} // namespace
} // namespace tradepulse::costs
