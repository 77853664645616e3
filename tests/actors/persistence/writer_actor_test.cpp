#include "actors/persistence/writer_actor.hpp"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <gtest/gtest.h>

#include "actors/message_types.hpp"
#include "tests/actors/support/fake_decoder.hpp"
#include "tests/actors/support/fake_ports.hpp"
#include "tests/actors/support/memory_store.hpp"

// The real writer with its own thread. Nothing here waits for time to pass: only for what the
// writer asks of the store and tells its partitions.
namespace tradepulse {
namespace {

using namespace std::chrono_literals;
using samples::named;
using samples::pos;

const topic_partition ticks{"ticks", 0};
const topic_partition other{"ticks", 1};

struct two_threads : caf::actor_system_config {
  two_threads() {
    set("scheduler.policy", caf::atom("sharing"));
    set("scheduler.max-threads", std::size_t{2});
  }
};

// The writer's connection to the memory_store that the test keeps; commits can be held up.
class connection : public range_store {
 public:
  explicit connection(samples::memory_store& to) : store_(to) {}
  result<claimed_partition> claim(const topic_partition& s, std::string_view o) override {
    return store_.claim(s, o);
  }
  result<claimed_partition> reposition(const repositioning& m) override {
    return store_.reposition(m);
  }
  commit_outcome commit(const range_commit& work) override {
    auto out = store_.commit(work);
    std::unique_lock lock(mutex_);
    opened_.wait(lock, [this] { return open_; });
    return out;
  }
  result<void> release(const topic_partition& s, generation g) override {
    return store_.release(s, g);
  }
  result<std::optional<partition_row>> look_at(const topic_partition& s) override {
    if (lost_.exchange(false))
      return error{errc::database_unavailable, "server closed the connection"};
    return store_.look_at(s);
  }
  result<void> for_each_stream(std::size_t n,
                               const std::function<void(std::vector<stored_stream>)>& f) override {
    return store_.for_each_stream(n, f);
  }
  result<std::vector<stored_stream>> load(std::span<const stream_key> s) override {
    return store_.load(s);
  }
  result<std::vector<stored_candle>> load_candles(const stream_key& s,
                                                  std::span<const candle_key> which) override {
    return store_.load_candles(s, which);
  }
  result<void> clear_stopped() override { return store_.clear_stopped(); }

  void lose() { lost_ = true; } // found out by the next look
  void open(bool now) {
    std::lock_guard lock(mutex_);
    open_ = now;
    opened_.notify_all();
  }

 private:
  samples::memory_store& store_;
  std::mutex mutex_;
  std::condition_variable opened_;
  bool open_ = true;
  std::atomic<bool> lost_ = false;
};

// What a partition actor was told.
class told {
 public:
  template <class T>
  void add(const T& what) {
    std::lock_guard lock(mutex_);
    std::get<std::deque<T>>(all_).push_back(what);
    changed_.notify_all();
  }
  // The next message of this kind; a failure after ten seconds.
  template <class T>
  T next() {
    std::unique_lock lock(mutex_);
    auto& list = std::get<std::deque<T>>(all_);
    if (!changed_.wait_for(lock, 10s, [&] { return !list.empty(); })) {
      ADD_FAILURE() << "the partition was not told";
      throw std::runtime_error("no message");
    }
    T out = list.front();
    list.pop_front();
    return out;
  }
  template <class T>
  std::size_t count() {
    std::lock_guard lock(mutex_);
    return std::get<std::deque<T>>(all_).size();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::tuple<std::deque<candles_loaded>, std::deque<partition_claimed>, std::deque<streams_loaded>,
             std::deque<range_committed>, std::deque<claim_lost>, std::deque<row_changed>>
      all_;
};

partition_actor spawn_told(caf::actor_system& system, told& to) {
  return system.spawn([&to](partition_actor::pointer) -> partition_actor::behavior_type {
    return {[](const batch_arrived&) {},
            [](const fault_reported&) {},
            [](const log_inspected&) {},
            [](const letter_refused&) {},
            [&to](const partition_claimed& what) { to.add(what); },
            [&to](const streams_loaded& what) { to.add(what); },
            [&to](const range_committed& what) { to.add(what); },
            [&to](const claim_lost& what) { to.add(what); },
            [&to](const row_changed& what) { to.add(what); },
            [](const range_failed&) {},
            [](const stream_failed&) {},
            [](const retry_due&) {},
            [](const second_passed&) {},
            [](const broker_back&) {},
            [](const give_up_partition&) {}};
  });
}

struct Writer : testing::Test {
  Writer() : metrics(registry), system(config) {
    partition = spawn_told(system, heard);
    second = spawn_told(system, heard_by_second);
  }
  ~Writer() override {
    if (store_connection)
      store_connection->open(true);
    letters.answer(samples::fake_letters::mode::confirm);
    letters.confirm_held();
    caf::anon_send_exit(writer, caf::exit_reason::user_shutdown);
    caf::anon_send_exit(partition, caf::exit_reason::user_shutdown);
    caf::anon_send_exit(second, caf::exit_reason::user_shutdown);
  }

  void start(std::chrono::milliseconds flush_interval = 1ms, std::size_t batch_rows = 1'000,
             std::chrono::milliseconds retry_first = 1ms, unsigned max_retries = 2,
             dead_letter_policy on_dead_letter_failure = dead_letter_policy::pause) {
    auto made = std::make_unique<connection>(store);
    store_connection = made.get();
    writer_options options;
    options.owner = "this node";
    options.batch_rows = batch_rows;
    options.flush_interval = flush_interval;
    options.retry_first = retry_first;
    options.retry_most = std::max(2 * retry_first, retry_most);
    options.max_retries = max_retries;
    options.on_dead_letter_failure = on_dead_letter_failure;
    options.store = std::move(made);
    options.credit = credit_ledger::make({}, nullptr);
    options.directory = &directory;
    options.dead_letters = &letters;
    options.metrics = &metrics;
    options.health = &health;
    options.card = std::make_shared<actor_card>("writer", "0");
    writer = spawn_writer_actor(system, std::move(options));
  }
  generation claim() {
    caf::anon_send(writer, claim_partition{ticks, partition});
    return heard.next<partition_claimed>().grant->gen;
  }
  // A complete range with one record of the symbol at each offset.
  void complete(generation gen, std::int64_t from, std::int64_t to, std::string_view name,
                std::int64_t seq, const topic_partition& source = ticks) {
    std::vector<samples::line> lines;
    auto range = std::make_shared<ingest_range>();
    ingest_range::slot slot;
    slot.symbol = named(name);
    for (auto offset = from; offset < to; ++offset) {
      lines.push_back({offset, std::string(name) + " 1 0"});
      range->ticks.push_back(samples::tick_at(offset, 1, 0));
      ++slot.count;
    }
    slot.row.symbol = slot.symbol;
    slot.row.position = pos(1, seq);
    slot.row.snapshot = samples::snapshot(name, pos(1, seq), 1, 0);
    slot.row.home = source;
    range->slots.push_back(slot);
    range->batch = samples::batch_of(source, gen, lines);
    range->gen = gen;
    range->from = next_offset{from};
    range->to = next_offset{to};
    caf::anon_send(writer, range_complete{range, source == ticks ? partition : second});
  }
  bool postgres_is_degraded() {
    for (const auto& [key, why] : health.reasons())
      if (key.starts_with("postgres "))
        return true;
    return false;
  }

  samples::memory_store store;
  samples::fake_letters letters;
  std::chrono::milliseconds retry_most{0}; // or twice retry_first, if that is longer
  metrics::registry registry;
  engine_metrics metrics;
  health_board health;
  symbol_directory directory{10};
  told heard;
  told heard_by_second;
  two_threads config;
  caf::actor_system system;
  partition_actor partition;
  partition_actor second;
  writer_actor writer;
  connection* store_connection = nullptr;
};

TEST_F(Writer, CommitsACompleteRangeAndTellsItsPartition) {
  start();
  const auto gen = claim();
  complete(gen, 0, 2, "A", 2);
  const auto done = heard.next<range_committed>();
  EXPECT_EQ(done.gen, gen);
  EXPECT_EQ(done.next, next_offset{2});
  EXPECT_EQ(done.events, 2u);
  EXPECT_EQ(store.row(ticks).next, next_offset{2});
  EXPECT_EQ(store.stream("A")->position, pos(1, 2));
  EXPECT_EQ(metrics.commits.value(), 1u);
}

TEST_F(Writer, CommitsAtOnceWhereEnoughRowsWait) {
  start(1h, 1);
  complete(claim(), 0, 1, "A", 1);
  EXPECT_EQ(heard.next<range_committed>().next, next_offset{1});
}

TEST_F(Writer, PutsWhatWaitsWhileATransactionIsInFlightIntoTheNext) {
  start(1h, 1);
  const auto gen = claim();
  store_connection->open(false);
  complete(gen, 0, 1, "A", 1);
  ASSERT_TRUE(store.wait_for_commits(1));
  complete(gen, 1, 2, "A", 2);
  complete(gen, 2, 3, "B", 1);
  store_connection->open(true);
  EXPECT_EQ(heard.next<range_committed>().next, next_offset{1});
  EXPECT_EQ(heard.next<range_committed>().next, next_offset{3});
  const auto commits = store.commits();
  ASSERT_EQ(commits.size(), 2u);
  EXPECT_EQ(commits[1].from, next_offset{1});
  EXPECT_EQ(commits[1].rows.size(), 2u);
}

TEST_F(Writer, IgnoresARangeOfAnOlderClaim) {
  start(1h, 1);
  const auto old = claim();
  const auto now = claim();
  complete(old, 0, 5, "A", 5);
  complete(now, 0, 1, "A", 1);
  EXPECT_EQ(heard.next<range_committed>().next, next_offset{1});
  ASSERT_EQ(store.commits().size(), 1u);
  EXPECT_EQ(store.commits()[0].gen, now);
}

// What was not committed under the claim before ends here, and will be read again.
TEST_F(Writer, UnsettlesAPartitionThatIsClaimedOverWhatIsNotCommitted) {
  start(1h);
  const auto gen = claim();
  directory.settle(ticks, gen);
  EXPECT_TRUE(directory.settled(ticks));
  complete(gen, 0, 1, "A", 1);
  const auto next = claim();
  EXPECT_FALSE(directory.settled(ticks));
  directory.settle(ticks, next);
  EXPECT_TRUE(directory.settled(ticks));
}

TEST_F(Writer, UnsettlesItsPartitionsWhenItFails) {
  start(1h);
  const auto gen = claim();
  directory.settle(ticks, gen);
  directory.settle(other, generation{7}); // another writer's
  complete(gen, 0, 1, "A", 1);
  EXPECT_TRUE(directory.settled(ticks));
  caf::anon_send_exit(writer, caf::exit_reason::unhandled_exception);
  caf::scoped_actor {
    system
    } -> wait_for(writer);
  store_connection = nullptr; // gone with it
  EXPECT_FALSE(directory.settled(ticks));
  EXPECT_TRUE(directory.settled(other));
}

TEST_F(Writer, TellsAPartitionThatItsClaimWasFenced) {
  start();
  const auto gen = claim();
  store.script(fenced{});
  complete(gen, 0, 1, "A", 1);
  const auto lost = heard.next<claim_lost>();
  EXPECT_EQ(lost.gen, gen);
  EXPECT_EQ(lost.cause, claim_loss::fenced);
  EXPECT_EQ(metrics.refused_commits.value(), 1u);
}

TEST_F(Writer, TriesTheSameTransactionAgainWhileTheDatabaseIsOverloaded) {
  start(1ms);
  const auto gen = claim();
  store.script(try_again{{errc::database_unavailable, "too many connections"}});
  store.script(try_again{{errc::database_unavailable, "too many connections"}});
  complete(gen, 0, 1, "A", 1);
  EXPECT_EQ(heard.next<range_committed>().next, next_offset{1});
  EXPECT_EQ(store.commits().size(), 3u);
  EXPECT_EQ(heard.count<claim_lost>(), 0u);
  EXPECT_FALSE(postgres_is_degraded());
}

TEST_F(Writer, LetsEachOfItsPartitionsClaimAgainWhereAnOutcomeIsUnknown) {
  start();
  const auto gen = claim();
  caf::anon_send(writer, claim_partition{other, second});
  heard_by_second.next<partition_claimed>();
  store.script(outcome_unknown{{errc::database_unavailable, "cut"}});
  complete(gen, 0, 1, "A", 1);
  EXPECT_EQ(heard.next<claim_lost>().cause, claim_loss::connection_lost);
  EXPECT_EQ(heard_by_second.next<claim_lost>().cause, claim_loss::connection_lost);
  EXPECT_TRUE(postgres_is_degraded());
}

TEST_F(Writer, ClaimsAgainAndAgainWhileTheDatabaseIsAway) {
  start();
  store.fail_claims(5, errc::database_unavailable);
  EXPECT_EQ(claim(), generation{1});
  EXPECT_EQ(metrics.database_retries.value(), 5u);
  EXPECT_TRUE(store.wait_until([this](auto&) { return !postgres_is_degraded(); }));
}

TEST_F(Writer, DeadLettersARowThatIsRefusedForItsDataAndAdvancesItsPosition) {
  start();
  const auto gen = claim();
  for (int i = 0; i < 3; ++i) // the first attempt and two retries
    store.script(rows_refused{{{named("A"), "22003", "numeric field overflow"}}});
  complete(gen, 0, 2, "A", 2);
  EXPECT_EQ(heard.next<range_committed>().next, next_offset{2});
  ASSERT_EQ(letters.letters().size(), 2u);
  EXPECT_EQ(letters.letters()[0].reason, reject_reason::database_refused);
  const auto commits = store.commits();
  ASSERT_EQ(commits.size(), 4u);
  EXPECT_FALSE(commits[2].rows.at(0).position_only);
  EXPECT_TRUE(commits[3].rows.at(0).position_only);
}

TEST_F(Writer, DeadLettersNothingWhereARetryGoesThrough) {
  start();
  const auto gen = claim();
  store.script(rows_refused{{{named("A"), "22003", "numeric field overflow"}}});
  complete(gen, 0, 2, "A", 2);
  heard.next<range_committed>();
  EXPECT_TRUE(letters.letters().empty());
}

TEST_F(Writer, CommitsNothingBeforeTheLettersOfARefusedRowAreConfirmed) {
  start();
  letters.answer(samples::fake_letters::mode::hold);
  const auto gen = claim();
  for (int i = 0; i < 3; ++i)
    store.script(rows_refused{{{named("A"), "22003", "numeric field overflow"}}});
  complete(gen, 0, 1, "A", 1);
  ASSERT_TRUE(store.wait_until([this](auto&) { return letters.letters().size() == 1; }));
  complete(gen, 1, 2, "A", 2); // more work does not set it off either
  caf::anon_send(writer, watch_row{ticks, generation{0}, partition});
  heard.next<row_changed>(); // everything before was handled
  EXPECT_EQ(store.commits().size(), 3u);
  letters.confirm_held();
  EXPECT_EQ(heard.next<range_committed>().next, next_offset{1});
  EXPECT_EQ(heard.next<range_committed>().next, next_offset{2}); // and nothing is left behind
  EXPECT_FALSE(store.commits().back().rows.at(0).position_only);
}

TEST_F(Writer, TriesARefusedLetterAgainUntilItIsConfirmed) {
  start();
  letters.answer(samples::fake_letters::mode::refuse);
  const auto gen = claim();
  for (int i = 0; i < 4; ++i)
    store.script(rows_refused{{{named("A"), "22003", "numeric field overflow"}}});
  complete(gen, 0, 1, "A", 1);
  ASSERT_TRUE(store.wait_until([this](auto&) { return letters.letters().size() >= 3; }));
  letters.answer(samples::fake_letters::mode::confirm);
  EXPECT_EQ(heard.next<range_committed>().next, next_offset{1});
}

TEST_F(Writer, PausesBeforeItTriesARefusedLetterAgain) {
  start(1ms, 1'000, 1h, 0);
  letters.answer(samples::fake_letters::mode::refuse);
  const auto gen = claim();
  store.script(rows_refused{{{named("A"), "22003", "numeric field overflow"}}});
  complete(gen, 0, 1, "A", 1);
  ASSERT_TRUE(store.wait_until([this](auto&) { return letters.letters().size() == 1; }));
  for (int i = 0; i < 20; ++i) { // a writer that tries at once has done so by now
    caf::anon_send(writer, watch_row{ticks, generation{0}, partition});
    heard.next<row_changed>();
  }
  EXPECT_EQ(letters.letters().size(), 1u);
}

TEST_F(Writer, GivesUpARefusedLetterWhereItIsToldToCount) {
  start(1ms, 1'000, 1ms, 0, dead_letter_policy::count);
  letters.answer(samples::fake_letters::mode::refuse);
  const auto gen = claim();
  store.script(rows_refused{{{named("A"), "22003", "numeric field overflow"}}});
  complete(gen, 0, 2, "A", 2);
  EXPECT_EQ(heard.next<range_committed>().next, next_offset{2});
  EXPECT_EQ(letters.letters().size(), 2u); // each was tried once
  EXPECT_TRUE(store.commits().back().rows.at(0).position_only);
  EXPECT_EQ(metrics.dead_letters.value(), 0u);
  EXPECT_EQ(metrics.dead_letter_retries.value(), 2u);
  EXPECT_TRUE(health.reasons().empty());
}

// ---- one partition's trouble is its own ----------------------------------------------------

TEST_F(Writer, ClaimsAPartitionWhileAnotherOneWaitsForItsLockedRow) {
  start(1ms, 1'000, 1h);
  store.fail_claims(1, errc::database_busy);
  caf::anon_send(writer, claim_partition{ticks, partition});
  caf::anon_send(writer, claim_partition{other, second});
  heard_by_second.next<partition_claimed>();
  EXPECT_EQ(heard.count<partition_claimed>(), 0u);
}

TEST_F(Writer, ClaimsNothingWhileTheDatabaseIsAway) {
  start(1ms, 1'000, 1h);
  store.fail_claims(1, errc::database_unavailable);
  caf::anon_send(writer, claim_partition{ticks, partition});
  caf::anon_send(writer, claim_partition{other, second});
  caf::anon_send(writer, watch_row{other, generation{7}, partition});
  heard.next<row_changed>(); // everything before was handled
  EXPECT_EQ(store.row(other).gen, generation{0});
}

TEST_F(Writer, TriesAPartitionAgainSoonHoweverOftenAnotherOneFailed) {
  retry_most = 1h;
  start(1ms, 1'000, 1ms, 0);
  letters.answer(samples::fake_letters::mode::refuse);
  const auto gen = claim();
  caf::anon_send(writer, claim_partition{other, second});
  const auto second_gen = heard_by_second.next<partition_claimed>().grant->gen;
  store.script(rows_refused{{{named("A"), "22003", "numeric field overflow"}}});
  complete(gen, 0, 30, "A", 30);
  ASSERT_TRUE(store.wait_until([this](auto&) { return letters.letters().size() >= 30; }));
  ASSERT_TRUE(
      store.wait_until([this](auto&) { return metrics.dead_letter_retries.value() >= 30; }));
  store.script(try_again{{errc::database_busy, "locked"}});
  complete(second_gen, 0, 1, "B", 1, other);
  EXPECT_EQ(heard_by_second.next<range_committed>().next, next_offset{1});
}

TEST_F(Writer, TriesAgainAfterItsPauseAndNotWhenAnIntervalEnds) {
  start(50ms, 2, 1h);
  const auto gen = claim();
  caf::anon_send(writer, claim_partition{other, second});
  const auto second_gen = heard_by_second.next<partition_claimed>().grant->gen;
  store.script(try_again{{errc::database_busy, "locked"}});
  complete(gen, 0, 1, "A", 1); // an interval begins
  complete(gen, 1, 2, "B", 1); // enough rows: tried at once, and in vain
  ASSERT_TRUE(store.wait_for_commits(1));
  complete(second_gen, 0, 1, "C", 1, other); // its interval ends behind the first one
  heard_by_second.next<range_committed>();
  EXPECT_EQ(store.commits().size(), 2u);
  EXPECT_EQ(heard.count<range_committed>(), 0u);
}

TEST_F(Writer, SaysThatACommitFailsAlsoWhereSomethingIsReadMeanwhile) {
  start(1ms, 1, 1h);
  const auto gen = claim();
  EXPECT_FALSE(postgres_is_degraded());
  store.script(try_again{{errc::database_busy, "locked"}});
  complete(gen, 0, 1, "A", 1);
  ASSERT_TRUE(store.wait_for_commits(1));
  caf::anon_send(writer, load_streams{ticks, gen, {}, partition});
  heard.next<streams_loaded>();
  caf::anon_send(writer, claim_partition{other, second});
  heard_by_second.next<partition_claimed>(); // everything before was handled
  EXPECT_TRUE(postgres_is_degraded());
}

TEST_F(Writer, ReleasesWhatItWasGrantedAlsoWhereThePartitionDoesNotKnowItYet) {
  start();
  const auto gen = claim();
  caf::anon_send(writer, release_partition{ticks, generation{gen.value() - 1}});
  EXPECT_TRUE(store.wait_until([](auto& s) { return !s.row(ticks).owner; }));
}

TEST_F(Writer, GivesUpAClaimThatStillWaitsWhenItsPartitionIsReleased) {
  start();
  store.fail_claims(1'000'000, errc::database_unavailable);
  caf::anon_send(writer, claim_partition{ticks, partition});
  ASSERT_TRUE(store.wait_until([this](auto&) { return metrics.database_retries.value() > 0; }));
  caf::anon_send(writer, release_partition{ticks, generation{-1}});
  caf::anon_send(writer, watch_row{other, generation{7}, partition});
  heard.next<row_changed>(); // the release was handled
  store.fail_claims(0, errc::database_unavailable);
  caf::anon_send(writer, claim_partition{other, second});
  heard_by_second.next<partition_claimed>();
  EXPECT_EQ(store.row(ticks).gen, generation{0}); // it would have fenced the next owner
  EXPECT_EQ(heard.count<partition_claimed>(), 0u);
}

TEST_F(Writer, TellsThatAWatchedRowHasChangedAndOnlyThen) {
  start();
  const auto gen = claim();
  caf::anon_send(writer, release_partition{ticks, gen}); // it has stopped
  caf::anon_send(writer, watch_row{ticks, gen, partition});
  caf::anon_send(writer, load_streams{ticks, gen, {named("A")}, partition});
  EXPECT_TRUE(heard.next<streams_loaded>().found.empty());
  EXPECT_EQ(heard.count<row_changed>(), 0u);
  auto row = store.row(ticks);
  row.gen = generation{gen.value() + 1};
  store.set(ticks, row);
  caf::anon_send(writer, watch_row{ticks, gen, partition});
  EXPECT_EQ(heard.next<row_changed>().gen, gen);
}

// Nothing else would find out before the partition's next record.
TEST_F(Writer, FindsThatAServerWithoutItsCommitsHasComeWhileNothingIsToBeWritten) {
  start();
  const auto gen = claim();
  const auto before = store.row(ticks);
  complete(gen, 0, 1, "A", 1);
  heard.next<range_committed>();
  store.set(ticks, before);
  caf::anon_send(writer, watch_row{ticks, gen, partition});
  const auto lost = heard.next<claim_lost>();
  EXPECT_EQ(lost.gen, gen);
  EXPECT_EQ(lost.cause, claim_loss::fenced);
  EXPECT_EQ(heard.count<row_changed>(), 0u);
  EXPECT_FALSE(directory.settled(ticks));
}

TEST_F(Writer, FindsThatItsConnectionIsGoneWhileNothingIsToBeWritten) {
  start();
  const auto gen = claim();
  caf::anon_send(writer, claim_partition{other, second});
  heard_by_second.next<partition_claimed>();
  store_connection->lose();
  caf::anon_send(writer, watch_row{ticks, gen, partition});
  EXPECT_EQ(heard.next<claim_lost>().cause, claim_loss::connection_lost);
  EXPECT_EQ(heard_by_second.next<claim_lost>().cause, claim_loss::connection_lost);
}

TEST_F(Writer, LeavesAClaimAloneWhoseRowIsAsItWasLeft) {
  start();
  const auto gen = claim();
  complete(gen, 0, 1, "A", 1);
  heard.next<range_committed>();
  caf::anon_send(writer, watch_row{ticks, gen, partition});
  complete(gen, 1, 2, "A", 2);
  EXPECT_EQ(heard.next<range_committed>().next, next_offset{2});
  EXPECT_EQ(heard.count<claim_lost>(), 0u);
}

// Its commit finds out by itself, and is refused as a whole.
TEST_F(Writer, DoesNotLookWhereSomethingIsToBeWritten) {
  start(1h);
  const auto gen = claim();
  complete(gen, 0, 1, "A", 1);
  store_connection->lose();
  caf::anon_send(writer, watch_row{ticks, gen, partition});
  caf::anon_send(writer, claim_partition{other, second});
  heard_by_second.next<partition_claimed>(); // everything before was handled
  EXPECT_EQ(heard.count<claim_lost>(), 0u);
}

// What the next owner has committed meanwhile is no part of what this claim goes on from.
TEST_F(Writer, TellsAPartitionThatItsClaimWasFencedWhereStreamsAreLoadedTooLate) {
  start();
  const auto gen = claim();
  auto row = store.row(ticks);
  row.gen = generation{gen.value() + 1};
  store.set(ticks, row);
  caf::anon_send(writer, load_streams{ticks, gen, {named("A")}, partition});
  const auto lost = heard.next<claim_lost>();
  EXPECT_EQ(lost.gen, gen);
  EXPECT_EQ(lost.cause, claim_loss::fenced);
  EXPECT_EQ(heard.count<streams_loaded>(), 0u);
}

// A candle of the next owner has trades that are still to come here: they would be counted twice.
TEST_F(Writer, TellsAPartitionThatItsClaimWasFencedWhereCandlesAreLoadedTooLate) {
  start();
  const auto gen = claim();
  const auto source = system.spawn([this](symbol_actor::pointer) -> symbol_actor::behavior_type {
    return {
        [](const symbol_work&) {},   [](const restore_stream&) {},
        [](const candle_work&) {},   [this](const candles_loaded& answer) { heard.add(answer); },
        [](const candles_idle&) {},  [](const epoch_committed&) {},
        [](const recall_events&) {}, [](const passivate_symbol&) {}};
  });
  const load_candles question{
      ticks, gen, {named("A"), {}}, {{candle_interval::m1, time_ms{}}}, source};
  caf::anon_send(writer, question);
  const auto answer = heard.next<candles_loaded>();
  EXPECT_EQ(answer.source, ticks);
  EXPECT_EQ(answer.gen, gen);
  EXPECT_EQ(heard.count<claim_lost>(), 0u);
  auto row = store.row(ticks);
  row.gen = generation{gen.value() + 1};
  store.set(ticks, row);
  caf::anon_send(writer, question);
  const auto lost = heard.next<claim_lost>();
  EXPECT_EQ(lost.gen, gen);
  EXPECT_EQ(lost.cause, claim_loss::fenced);
  // Who waits is told that nothing comes, and gives back what it holds of the credit.
  const auto nothing = heard.next<candles_loaded>();
  EXPECT_EQ(nothing.source, ticks);
  EXPECT_EQ(nothing.gen, gen);
  EXPECT_TRUE(nothing.asked.empty());
  EXPECT_TRUE(nothing.found.empty());
  caf::anon_send_exit(source, caf::exit_reason::user_shutdown);
}

TEST_F(Writer, KeepsANewerClaimWhereWorkOfAnOlderOneIsFenced) {
  start();
  const auto old = claim();
  const auto gen = claim();
  caf::anon_send(writer, move_partition{{ticks, old, next_offset{7}, false, "c"}, partition});
  EXPECT_EQ(heard.next<claim_lost>().gen, old);
  caf::anon_send(writer, load_streams{ticks, old, {named("A")}, partition});
  EXPECT_EQ(heard.next<claim_lost>().gen, old);
  complete(gen, 0, 1, "A", 1);
  EXPECT_EQ(heard.next<range_committed>().gen, gen);
}

TEST_F(Writer, TellsAPartitionThatItsMoveWasFenced) {
  start();
  const auto gen = claim();
  auto row = store.row(ticks);
  row.gen = generation{gen.value() + 1};
  store.set(ticks, row);
  caf::anon_send(writer, move_partition{{ticks, gen, next_offset{7}, false, "c"}, partition});
  EXPECT_EQ(heard.next<claim_lost>().cause, claim_loss::fenced);
}

} // namespace
} // namespace tradepulse
