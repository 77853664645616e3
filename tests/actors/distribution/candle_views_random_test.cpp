#include <deque>
#include <functional>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "actors/distribution/delivery_table.hpp"
#include "actors/distribution/slow_reader.hpp"
#include "tests/actors/support/candle_views.hpp"
#include "tests/actors/support/scripted_outbox.hpp"
#include "tests/actors/support/streams.hpp"

namespace tradepulse {
namespace {

using samples::closes_of;
using samples::dice;
using samples::integer;
using samples::member;
using samples::named;
using samples::pos;
using samples::view_of;

constexpr stream_index candles_of_a{0};
constexpr stream_index trades_of_b{1};

// The candles of A as its symbol shows and numbers them: up to three are open at once.
class market {
 public:
  market(dice& random, delivery_table& table) : dice_(random), table_(table) {}

  void event() {
    if (open_.empty() || (open_.size() < 3 && dice_.chance(0.3)))
      open_[next_start_++] = {};
    ++seq_;
    auto which = std::next(open_.begin(), dice_.between(0, std::ssize(open_) - 1));
    const bool withdraws = std::exchange(which->second.provisional, false);
    which->second.newest = seq_;
    show(which->first, false, withdraws);
  }
  void fall_silent() {
    for (auto& [start, each] : open_)
      if (each.newest == seq_ && !std::exchange(each.provisional, true))
        show(start, true, false);
  }
  void close() {
    if (open_.empty())
      return;
    const auto start = open_.begin()->first;
    open_.erase(open_.begin());
    closed_through = start;
    table_.deliver(closes_of(0, "A", 1, ++number, {start}));
  }

  struct open_candle {
    std::int64_t newest = 0; // of the source
    bool provisional = false;
  };
  const std::map<std::int64_t, open_candle>& open() const { return open_; }
  std::int64_t number = 0;
  std::int64_t closed_through = -1;

 private:
  void show(std::int64_t start, bool provisional, bool withdraws) {
    table_.show({candles_of_a, view_of("A", start, pos(1, seq_), provisional, withdraws)});
  }
  dice& dice_;
  delivery_table& table_;
  std::map<std::int64_t, open_candle> open_;
  std::int64_t next_start_ = 0;
  std::int64_t seq_ = 0;
};

// A client that believes nothing of what it is told of candles.
class watcher {
 public:
  void receive(std::string_view frames) {
    for (const auto& json : samples::payloads_of(frames)) {
      const auto type = member(json, "type").value();
      if (type == "candle")
        closed(json);
      else if (type == "candle_view")
        shown(json);
    }
  }
  std::int64_t number = 0;
  std::int64_t last_closed = -1;
  std::map<std::int64_t, std::int64_t> newest; // of open candles, by start
  std::set<std::int64_t> provisional;
  std::size_t views = 0;
  std::size_t withdrawn = 0;

 private:
  static std::int64_t start_of(std::string_view json) {
    return (time_ms{std::chrono::milliseconds{integer(json, "start")}} - samples::minute(0)) /
           std::chrono::minutes{1};
  }
  void closed(std::string_view json) {
    EXPECT_EQ(integer(json, "sequence"), ++number); // lossless
    last_closed = start_of(json);
    newest.erase(last_closed);
    provisional.erase(last_closed);
  }
  void shown(std::string_view json) {
    ++views;
    const auto start = start_of(json);
    EXPECT_GT(start, last_closed) << "open behind its close";
    EXPECT_GE(integer(json, "seq"), newest[start]) << "older than before";
    newest[start] = integer(json, "seq");
    const auto said = member(json, "provisional");
    if (said == "true") {
      provisional.insert(start);
      return;
    }
    EXPECT_TRUE(said == "false" || !provisional.contains(start)) << "not taken back";
    withdrawn += provisional.erase(start);
  }
};

struct reader : connection_owner {
  reader(delivery_table& to, std::uint64_t who, std::size_t room)
      : table(to), id(who), out(std::make_shared<samples::scripted_outbox>(room)) {}
  void tell(events_diverted what) override {
    inbox.push_back([this, what] {
      EXPECT_FALSE(slow.diverted(what, true));
      hand_on();
    });
  }
  void tell(move_diverted) override {}
  void tell(handed_back what) override {
    inbox.push_back([this, what] {
      EXPECT_FALSE(slow.handed(what));
      hand_on();
    });
  }
  void tell(control_refused) override {}
  void tell(recovery_failed) override {}
  void hand_on() {
    if (auto items = slow.due(); !items.empty())
      inbox.push_back([this, back = hand_back{id, std::move(items)}] { table.take_back(back); });
  }
  void think() {
    if (inbox.empty())
      return;
    auto next = std::move(inbox.front());
    inbox.pop_front();
    next();
  }
  void come_to_rest() {
    out->refuse_next = 0;
    do {
      read();
      while (!inbox.empty())
        think();
    } while (out->queued_bytes() > 0);
  }
  void read() {
    std::string text;
    const bool had_refused = out->drain(text);
    eyes.receive(text);
    if (!had_refused)
      return;
    table.drained(id);
    inbox.push_back([this] {
      slow.drained();
      hand_on();
    });
  }

  delivery_table& table;
  connection_id id;
  std::shared_ptr<samples::scripted_outbox> out;
  slow_reader slow{false, {1 << 20, 600}};
  std::deque<std::function<void()>> inbox;
  watcher eyes;
};

// Views, closes, other events, refusals and hand-backs in any order: facts come whole, what was
// provisional is told again, nothing goes back, and in the end everybody has been shown what is
// open as it is.
TEST(CandleViewsAtRandom, AreTheLatestAndNeverFalse) {
  dice random{samples::seed("CandleViewsAtRandom")};
  std::size_t views = 0;
  std::size_t withdrawn = 0;
  std::size_t refused = 0;
  for (int round = 0; round < 400; ++round) {
    metrics::registry registry;
    engine_metrics counted(registry);
    delivery_table table(counted, [] {});
    market all(random, table);
    std::vector<std::shared_ptr<reader>> readers;
    for (std::uint64_t i = 0; i < 3; ++i) {
      auto& who = *readers.emplace_back(
          std::make_shared<reader>(table, i, static_cast<std::size_t>(random.between(300, 2'000))));
      table.attach(who.id, who.out, readers.back(), false);
      table.open({who.id,
                  1,
                  "1",
                  {{candles_of_a, {named("A"), samples::candles}},
                   {trades_of_b, {named("B"), stream_kind::trade}}}});
      table.joined({who.id, 1, candles_of_a, nullptr});
      table.joined({who.id, 1, trades_of_b, nullptr});
    }
    std::int64_t trades = 0;
    for (int step = 0; step < 300 && !testing::Test::HasFailure(); ++step) {
      auto& who = *readers[static_cast<std::size_t>(random.between(0, 2))];
      switch (random.between(0, 9)) {
      case 0:
      case 1:
      case 2:
        all.event();
        break;
      case 3:
        all.fall_silent();
        break;
      case 4:
        if (random.chance(0.5))
          all.close();
        break;
      case 5:
        ++trades;
        table.deliver(samples::burst_of_kind(stream_kind::trade, 1, "B", 1, trades, trades));
        break;
      case 6:
        who.out->refuse_next = random.chance(0.5) ? 1 : 0;
        break;
      case 7:
      case 8:
        who.read();
        break;
      default:
        who.think();
      }
    }
    for (auto& each : readers)
      each->come_to_rest();
    for (auto& each : readers) {
      EXPECT_EQ(each->eyes.number, all.number);
      EXPECT_EQ(each->eyes.last_closed, all.closed_through);
      for (const auto& [start, state] : all.open()) {
        EXPECT_EQ(each->eyes.newest[start], state.newest);
        EXPECT_EQ(each->eyes.provisional.contains(start), state.provisional);
      }
      EXPECT_EQ(each->eyes.newest.size(), all.open().size());
      refused += static_cast<std::size_t>(each->out->refused);
      views += each->eyes.views;
      withdrawn += each->eyes.withdrawn;
    }
    if (testing::Test::HasFailure())
      FAIL() << "round " << round;
  }
  EXPECT_GT(views, 5'000u); // the test meets what it is about
  EXPECT_GT(withdrawn, 100u);
  EXPECT_GT(refused, 1'000u);
}

} // namespace
} // namespace tradepulse
