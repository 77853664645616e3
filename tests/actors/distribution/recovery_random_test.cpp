#include <utility>

#include "tests/actors/distribution/recovery_world.hpp"

namespace tradepulse::recovery_testing {
namespace {

// A client that came back, and what stands between it and the market: questions and answers are
// under way for a random while, the answers of the memory in order with the live bursts; its outbox
// refuses at random.
template <class Events>
class returning_client {
 public:
  returning_client(dice& random, random_market<Events>& market, bool journal)
      : dice_(random), market_(market), journal_(journal) {}

  void come_back(stream_position since) {
    way_.emplace(since, journal_);
    position_ = since;
    has_room_ = true;
    ++ask_;
    advance();
  }

  // --- by way of the fan-out actor ---
  void live(burst_ptr burst) {
    in_order_.push_back([this, burst] {
      if (!way_ && stream_position{burst->epoch(), burst->last()} > position_)
        take(burst);
    });
  }
  void settled() {
    in_order_.push_back([this] {
      if (way_ && way_->resume())
        advance();
      else if (!way_ && std::exchange(unsettled_, false))
        come_back(position_);
    });
  }

  void step() {
    switch (dice_.between(0, 4)) {
    case 0:
      if (!questions_.empty())
        run(questions_);
      break;
    case 1:
      if (!journal_answers_.empty())
        run(journal_answers_);
      break;
    case 2:
      has_room_ = dice_.chance(0.5);
      if (has_room_ && way_)
        advance();
      break;
    default:
      if (!in_order_.empty())
        run(in_order_);
    }
  }
  bool busy() const {
    return !questions_.empty() || !journal_answers_.empty() || !in_order_.empty() ||
           (way_ && way_->due() == recovery::next::write);
  }
  void has_room() {
    has_room_ = true;
    if (way_)
      advance();
  }
  bool is_live() const { return !way_; }
  stream_position position() const { return position_; }
  int pages = 0;
  int holes = 0;
  int refusals = 0;

 private:
  history_query asked() const {
    history_query out{named("A"), stream_index{0}, way_->after(), way_->through(), 4};
    out.kind = kind_of<Events>::kind;
    return out;
  }
  static void run(std::deque<std::function<void()>>& from) {
    auto next = std::move(from.front());
    from.pop_front();
    next();
  }

  void advance() {
    while (way_->due() == recovery::next::write) {
      if (!has_room_) {
        way_->refused();
        return;
      }
      write(way_->front());
      way_->taken();
      ASSERT_EQ(way_->position(), position_);
      has_room_ = dice_.chance(0.7);
    }
    switch (way_->due()) {
    case recovery::next::ask_memory:
      way_->asked();
      questions_.push_back([this, ask = ++ask_, after = way_->after()] {
        auto answer = market_.recall(after, 6);
        in_order_.push_back([this, ask, answer = std::move(answer)] {
          if (ask != ask_ || !way_)
            return;
          way_->recalled(answer);
          advance();
        });
      });
      break;
    case recovery::next::read_journal:
      ++pages;
      questions_.push_back([this, query = asked()] {
        journal_answers_.push_back([this, page = market_.page(query)] {
          way_->read(page);
          advance();
        });
      });
      way_->asked();
      break;
    case recovery::next::live:
      unsettled_ = way_->unsettled();
      way_.reset();
      break;
    default:
      break;
    }
  }

  void write(const recovery::item& due) {
    if (const auto* burst = std::get_if<burst_ptr>(&due)) {
      take(*burst);
    } else if (const auto* hole = std::get_if<recovery::hole>(&due)) {
      ++holes;
      expect_nothing_lost({hole->to.epoch, sequence{hole->to.seq.value() + 1}});
      position_ = hole->to;
    } else {
      ++refusals;
      const auto& refusal = std::get<recovery::refusal>(due);
      EXPECT_EQ(refusal.asked, position_);
      EXPECT_GT(refusal.asked, refusal.highest);
      position_ = refusal.highest;
    }
  }

  void take(const burst_ptr& burst) {
    ASSERT_EQ(burst->kind(), kind_of<Events>::kind);
    for (const auto& each : static_cast<const burst_of<Events>&>(*burst).events()) {
      const stream_position at{burst->epoch(), each.seq};
      if (at <= position_)
        continue;
      expect_nothing_lost(at);
      const auto& truth = market_.event(at);
      EXPECT_EQ(kind_of<Events>::shown(each), kind_of<Events>::shown(truth));
      EXPECT_EQ(each.late, truth.late);
      position_ = at;
    }
  }

  // What lies between is announced by a gap: it must be gone for good.
  void expect_nothing_lost(stream_position next) const {
    const auto lost = market_.needlessly_lost(position_, next);
    if (lost)
      ADD_FAILURE() << "behind " << position_.epoch.value() << "/" << position_.seq.value()
                    << " comes " << next.epoch.value() << "/" << next.seq.value() << ", and "
                    << lost->epoch.value() << "/" << lost->seq.value() << " could be had";
  }

  dice& dice_;
  random_market<Events>& market_;
  bool journal_;
  std::optional<recovery> way_;
  stream_position position_;
  std::uint64_t ask_ = 0;
  bool has_room_ = true;
  bool unsettled_ = false;
  std::deque<std::function<void()>> questions_;
  std::deque<std::function<void()>> journal_answers_;
  std::deque<std::function<void()>> in_order_;
};

struct tally {
  int pages = 0;
  int holes = 0;
  int refusals = 0;
};

template <class Events>
tally play(dice& random, std::size_t ring, bool journal) {
  returning_client<Events>* client = nullptr;
  random_market<Events> market(
      random, ring, journal,
      [&client](burst_ptr burst) {
        if (client)
          client->live(std::move(burst));
      },
      [&client] {
        if (client)
          client->settled();
      });
  returning_client<Events> only(random, market, journal);
  for (int i = 0; i < 30; ++i)
    random.chance(0.6) ? market.read() : market.commit();
  client = &only;
  only.come_back(market.some_position());
  for (int i = 0; i < 200 && !testing::Test::HasFailure(); ++i) {
    switch (random.between(0, 30)) {
    case 0:
      market.lose();
      break;
    case 1:
      if (random.chance(0.3))
        market.crash();
      break;
    case 2:
      if (random.chance(0.3))
        market.replace_log();
      break;
    case 3:
      if (random.chance(0.3))
        market.expire();
      break;
    case 4:
    case 5:
    case 6:
      market.read();
      break;
    case 7:
    case 8:
      market.commit();
      break;
    case 9:
      market.claim();
      break;
    default:
      only.step();
    }
  }
  // It comes to rest, and one more event happens: what was published of a log that is no more is
  // told by that.
  const auto rest = [&] {
    for (int i = 0; i < 10'000 && only.busy() && !testing::Test::HasFailure(); ++i) {
      only.has_room();
      only.step();
    }
  };
  market.claim();
  while (!market.settled())
    market.read();
  rest();
  market.read();
  rest();
  if (!testing::Test::HasFailure()) {
    EXPECT_TRUE(only.is_live());
    EXPECT_EQ(only.position(), market.highest());
  }
  return {only.pages, only.holes, only.refusals};
}

template <class Events>
void play_all(dice& random, int rounds) {
  tally met;
  for (const bool journal : {true, false})
    for (const std::size_t ring : {0u, 1u, 3u, 8u, 1'000u}) {
      tally all;
      for (int round = 0; round < rounds; ++round) {
        const auto one = play<Events>(random, ring, journal);
        if (testing::Test::HasFailure())
          FAIL() << "round " << round << ", ring " << ring << ", journal " << journal;
        all.pages += one.pages;
        all.holes += one.holes;
        all.refusals += one.refusals;
      }
      EXPECT_EQ(all.pages > 50, journal) << "ring " << ring;
      met.holes += journal ? 0 : all.holes;
      met.refusals += all.refusals;
    }
  // The test meets what it is about: of 1,500 plays about 170 holes and 120 refusals.
  EXPECT_GT(met.holes, 50);
  EXPECT_GT(met.refusals, 30);
}

// Live bursts, commits, lost claims, crashes, new epochs, expired pages, refusals of the outbox, in
// any order: each event once and in order, and a hole only where nothing is to be had.
TEST(Recovery, GivesEachEventOnceOrNamesTheHoleAtRandom) {
  dice random{samples::seed("Recovery.random")};
  play_all<price_events>(random, 150);
}

// The same of a stream whose head is its position alone.
TEST(Recovery, GivesEachTradeOnceOrNamesTheHoleAtRandom) {
  dice random{samples::seed("Recovery.random_trades")};
  play_all<trade_events>(random, 150);
}

} // namespace
} // namespace tradepulse::recovery_testing
