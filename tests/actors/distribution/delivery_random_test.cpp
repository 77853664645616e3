#include "actors/distribution/delivery_table.hpp"

#include <deque>
#include <functional>
#include <map>

#include <gtest/gtest.h>

#include "actors/distribution/slow_reader.hpp"
#include "tests/actors/support/scripted_outbox.hpp"
#include "tests/actors/support/streams.hpp"

namespace tradepulse {
namespace {

using samples::dice;

constexpr std::size_t stream_count = 4;
constexpr std::size_t lossless_bytes = 1 << 20;
// Of each stream; the random client checks them apart.
const stream_kind kinds[stream_count] = {stream_kind::price, stream_kind::trade, stream_kind::quote,
                                         samples::minutes};
constexpr std::size_t client_count = 5;

// The market, one I/O thread and its clients, with every message between them under way for a
// random while: what goes to the table keeps its order (the fan-out actor), what goes to an owner
// keeps its own (the connection actor).
class small_world {
 public:
  explicit small_world(dice& random) : dice_(random), metrics_(registry_), table_(metrics_, [] {}) {
    for (std::uint32_t i = 0; i < stream_count; ++i)
      streams_.emplace_back(i, std::string(1, static_cast<char>('A' + i)), truth_, dice_, kinds[i]);
    for (std::uint64_t i = 0; i < client_count; ++i) {
      clients_.push_back(std::make_unique<reader>(*this, connection_id{i}));
      table_.attach(connection_id{i}, clients_.back()->out, clients_.back()->me, false);
    }
  }

  void step() {
    auto& who = *clients_[pick(client_count)];
    auto& stream = streams_[pick(stream_count)];
    switch (dice_.between(0, 12)) {
    case 0:
    case 1:
    case 2:
      send([this, burst = stream.next_burst(0.05)] { table_.deliver(burst); });
      break;
    case 3:
      if (dice_.chance(0.2) && stream.known())
        send([this, to = stream_moved{stream.index(), stream.move_on(0.3)}] { table_.moved(to); });
      break;
    case 4:
      if (dice_.chance(0.3))
        who.subscribe();
      break;
    case 5:
      if (dice_.chance(0.1))
        who.leave(stream);
      break;
    case 6:
    case 7:
      who.read();
      break;
    case 8:
      who.out->refuse_next += dice_.chance(0.3) ? 1 : 0;
      break;
    case 9:
      if (dice_.chance(0.1) && stream.known()) // a burst that was read again
        send([this, at = stream_moved{stream.index(), stream.snapshot()}] { table_.moved(at); });
      break;
    default:
      deliver_messages(dice_.between(1, 8));
      who.think(dice_.between(0, 3));
    }
  }

  // Everybody reads and everything arrives.
  void come_to_rest() {
    for (int quiet = 0; quiet < 3;) {
      bool busy = !to_table_.empty();
      deliver_messages(1'000'000);
      for (auto& each : clients_) {
        each->out->refuse_next = 0;
        busy = each->busy() || busy;
        each->read();
        each->think(1'000'000);
      }
      quiet = busy ? 0 : quiet + 1;
    }
  }

  void expect_everybody_has_everything() {
    for (auto& each : clients_)
      for (auto& stream : streams_)
        if (each->wants.contains(stream.name())) {
          ASSERT_TRUE(each->eyes.subscribed(stream.name()));
          EXPECT_EQ(each->eyes.position(stream.name()), stream.position())
              << "client " << each->id.value() << ", " << stream.name();
        }
  }

  std::size_t merged() const {
    std::size_t out = 0;
    for (const auto& each : clients_)
      out += each->eyes.merged();
    return out;
  }
  std::size_t merged_quotes() const {
    std::size_t out = 0;
    for (const auto& each : clients_)
      out += each->eyes.merged_quotes();
    return out;
  }
  std::size_t kept() const {
    std::size_t out = 0;
    for (const auto& each : clients_)
      out += each->kept;
    return out;
  }
  void expect_nothing_kept() {
    for (auto& each : clients_) {
      EXPECT_EQ(each->slow.waiting().streams(), 0u);
      EXPECT_EQ(each->slow.waiting().lossless_bytes(), 0u);
    }
  }
  std::size_t updates() const {
    std::size_t out = 0;
    for (const auto& each : clients_)
      out += each->eyes.updates();
    return out;
  }

 private:
  struct reader {
    reader(small_world& w, connection_id who)
        : world(w), id(who), me(std::make_shared<owner>(*this)), eyes(w.truth_) {}

    struct owner : connection_owner {
      explicit owner(reader& r) : whose(r) {}
      void tell(events_diverted what) override {
        post([this, what] { whose.diverted(what); });
      }
      void tell(move_diverted what) override {
        post([this, what] { whose.diverted(what); });
      }
      void tell(handed_back what) override {
        post([this, what] { whose.handed(what); });
      }
      void tell(control_refused) override {}
      void tell(recovery_failed) override {}
      void post(std::function<void()> f) { whose.inbox.push_back(std::move(f)); }
      reader& whose;
    };

    bool wants_now(const events_diverted& what) const {
      return wants_now(what.burst->symbol(), what.group);
    }
    bool wants_now(const move_diverted& what) const {
      return wants_now(what.moved.snapshot->symbol, what.group);
    }
    bool wants_now(const symbol& name, std::uint64_t group) const {
      const auto found = wants.find(name.str());
      return found != wants.end() && found->second == group;
    }

    // What the connection actor does.
    template <class Diverted>
    void diverted(const Diverted& what) {
      const auto before = slow.waiting().lossless_bytes();
      EXPECT_FALSE(slow.diverted(what, wants_now(what)));
      kept += slow.waiting().lossless_bytes() > before ? 1U : 0U;
      hand_on();
    }
    void handed(const handed_back& answer) {
      EXPECT_FALSE(slow.handed(answer));
      hand_on();
    }
    void hand_on() {
      if (auto items = slow.due(); !items.empty())
        world.send(
            [this, back = hand_back{id, std::move(items)}] { world.table_.take_back(back); });
    }
    void subscribe() {
      open_group request{id, ++last_group, {}, {}};
      for (auto& stream : world.streams_)
        if (world.dice_.chance(0.4))
          request.members.push_back({stream.index(), stream.key()});
      if (request.members.empty())
        return;
      world.send([this, request] { world.table_.open(request); });
      for (const auto& member : request.members) {
        auto& stream = world.streams_[member.index.value()];
        wants[stream.name()] = last_group;
        slow.forget(member.index);
        const stream_joined answer{id, last_group, member.index, stream.snapshot(), false};
        world.send([this, answer] { world.table_.joined(answer); });
        if (world.dice_.chance(0.3)) // the streams of a group do not answer at the same time
          world.send([this, burst = stream.next_burst(0.05)] { world.table_.deliver(burst); });
      }
    }
    void leave(samples::random_stream& stream) {
      if (wants.erase(stream.name()) == 0)
        return;
      slow.forget(stream.index());
      // The client knows from the answer, which comes behind what was on its way.
      world.send([this, index = stream.index(), name = stream.name()] {
        world.table_.leave({id, {index}});
        read();
        eyes.left(name);
      });
    }
    void read() {
      std::string text;
      const bool was_refused = out->drain(text);
      eyes.receive(text);
      if (!was_refused)
        return;
      world.send([this] { world.table_.drained(id); }, true);
      inbox.push_back([this] {
        slow.drained();
        hand_on();
      });
    }
    void think(std::int64_t most) {
      for (; most > 0 && !inbox.empty(); --most) {
        auto next = std::move(inbox.front());
        inbox.pop_front();
        next();
      }
    }
    bool busy() const { return !inbox.empty() || out->queued_bytes() > 0; }

    small_world& world;
    connection_id id;
    std::shared_ptr<samples::scripted_outbox> out =
        std::make_shared<samples::scripted_outbox>(2'000);
    std::shared_ptr<owner> me;
    samples::checking_client eyes;
    slow_reader slow{false,
                     {lossless_bytes, static_cast<std::size_t>(world.dice_.between(1, 900))}};
    std::size_t kept = 0;                       // bursts of lossless streams
    std::map<std::string, std::uint64_t> wants; // with the last request
    std::deque<std::function<void()>> inbox;
    std::uint64_t last_group = 0;
  };

  std::size_t pick(std::size_t n) {
    return static_cast<std::size_t>(dice_.between(0, static_cast<std::int64_t>(n) - 1));
  }
  void send(std::function<void()> what, bool first = false) {
    if (first)
      to_table_.push_front(std::move(what));
    else
      to_table_.push_back(std::move(what));
  }
  void deliver_messages(std::int64_t most) {
    for (; most > 0 && !to_table_.empty(); --most) {
      auto next = std::move(to_table_.front());
      to_table_.pop_front();
      next();
    }
  }

  dice& dice_;
  samples::truth truth_;
  std::deque<samples::random_stream> streams_;
  metrics::registry registry_;
  engine_metrics metrics_;
  std::deque<std::function<void()>> to_table_;
  std::vector<std::unique_ptr<reader>> clients_;
  delivery_table table_;
};

// Joins, leaves, epochs, moves, refusals and hand-backs in any order: each client covers the whole
// span of each of its subscriptions, of whatever kind, every hole announced and nothing twice; of a
// trade stream and of klines it gets each event by itself.
TEST(Delivery, KeepsEverySubscriptionWholeAtRandom) {
  dice random{samples::seed("Delivery.random")};
  std::size_t merged = 0;
  std::size_t quotes = 0;
  std::size_t kept = 0;
  std::size_t updates = 0;
  for (int round = 0; round < 150; ++round) {
    small_world world{random};
    for (int step = 0; step < 400; ++step) {
      world.step();
      if (testing::Test::HasFailure())
        FAIL() << "round " << round << ", step " << step;
    }
    world.come_to_rest();
    world.expect_everybody_has_everything();
    world.expect_nothing_kept();
    if (testing::Test::HasFailure())
      FAIL() << "round " << round << ", at rest";
    merged += world.merged();
    quotes += world.merged_quotes();
    kept += world.kept();
    updates += world.updates();
  }
  EXPECT_GT(merged, 100u); // the test meets what it is about
  EXPECT_GT(quotes, 100u);
  EXPECT_GT(kept, 500u);
  EXPECT_GT(updates, merged * 2);
}

} // namespace
} // namespace tradepulse
