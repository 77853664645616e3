// Which questions a page answers that was read a moment ago.
#include "runtime/history/recent_pages.hpp"

#include <gtest/gtest.h>

namespace tradepulse {
namespace {

using namespace std::chrono_literals;

class RecentPages : public testing::Test {
 protected:
  using time_point = recent_pages::time_point;

  static stream_position at(std::int64_t seq) { return {epoch{1}, sequence{seq}}; }

  static history_queue::waiting client(std::int64_t after, std::int64_t through) {
    history_query query;
    query.symbol = symbol::parse("A").value();
    query.after = at(after);
    query.through = at(through);
    query.waits_since = time_point{};
    return {query, nullptr, time_point{}, true};
  }
  // As history_queue makes it of one of them.
  static history_queue::batch batch(history_queue::waiting one) {
    history_queue::batch out;
    out.stream = history_queue::key_of(one.query);
    out.query = one.query;
    out.members.push_back(std::move(one));
    return out;
  }
  // Events first to last, behind which there may be more.
  static recent_pages::page_ptr page(std::int64_t first, std::int64_t last, bool more = false) {
    std::vector<numbered_event> events;
    for (auto seq = first; seq <= last; ++seq)
      events.emplace_back().seq = sequence{seq};
    auto out = std::make_shared<history_page>();
    out->bursts.push_back(std::make_shared<price_burst>(stream_index{}, symbol::parse("A").value(),
                                                        epoch{1}, std::move(events), time_ms{}));
    out->committed = at(last);
    out->more = more;
    return out;
  }
  recent_pages::page_ptr find(std::int64_t after, std::int64_t through) const {
    return pages.find(batch(client(after, through)), time_point{4s});
  }

  recent_pages pages{100, 5s};
};

TEST_F(RecentPages, AnswerWhoeverIsBehindTheirBeginningAndWantsNoMore) {
  const auto read = page(11, 20);
  pages.add(batch(client(10, 20)), read, time_point{1s});
  EXPECT_EQ(find(10, 20), read);
  EXPECT_EQ(find(15, 20), read);
  EXPECT_EQ(find(15, 18), read);
  EXPECT_EQ(find(19, 20), read);
}

TEST_F(RecentPages, DoNotAnswerWhoIsBeforeThemOrWantsMore) {
  pages.add(batch(client(10, 20)), page(11, 20), time_point{1s});
  EXPECT_EQ(find(9, 20), nullptr);
  EXPECT_EQ(find(10, 21), nullptr);
  EXPECT_EQ(find(20, 21), nullptr);
}

TEST_F(RecentPages, ThatWereCutAnswerWhoeverGetsSomething) {
  const auto read = page(11, 20, true);
  pages.add(batch(client(10, 90)), read, time_point{1s});
  EXPECT_EQ(find(10, 90), read);
  EXPECT_EQ(find(19, 90), read);
  EXPECT_EQ(find(20, 90), nullptr);
}

TEST_F(RecentPages, EachMemberOfABatchGetsSomethingOrNobodyDoes) {
  pages.add(batch(client(10, 90)), page(11, 20, true), time_point{1s});
  auto two = batch(client(10, 90));
  two.members.push_back(client(20, 90));
  EXPECT_EQ(pages.find(two, time_point{4s}), nullptr);
}

TEST_F(RecentPages, DoNotAnswerWhoAsksForWhatThereIsNow) {
  pages.add(batch(client(10, 20)), page(11, 20), time_point{1s});
  auto rest = client(10, 20);
  rest.query.waits_since.reset();
  EXPECT_EQ(pages.find(batch(rest), time_point{4s}), nullptr);
  auto all = client(10, 20);
  all.query.through.reset();
  EXPECT_EQ(pages.find(batch(all), time_point{4s}), nullptr);
  auto time = client(10, 20);
  time.query.time = time_ms{};
  EXPECT_EQ(pages.find(batch(time), time_point{4s}), nullptr);
}

TEST_F(RecentPages, DoNotAnswerForAnotherStreamOrEpoch) {
  pages.add(batch(client(10, 20)), page(11, 20), time_point{1s});
  auto other = client(10, 20);
  other.query.symbol = symbol::parse("B").value();
  EXPECT_EQ(pages.find(batch(other), time_point{4s}), nullptr);
  auto later = client(10, 20);
  later.query.after.epoch = later.query.through->epoch = epoch{2};
  EXPECT_EQ(pages.find(batch(later), time_point{4s}), nullptr);
}

// A database that was replaced has less: who knows of more asks the one that answers now.
TEST_F(RecentPages, OfADatabaseThatHadLessAnswerNobodyWhoKnowsOfMore) {
  pages.add(batch(client(10, 20)), page(11, 20), time_point{1s});
  auto one = client(10, 20);
  one.query.committed = at(20);
  EXPECT_NE(pages.find(batch(one), time_point{4s}), nullptr);
  one.query.committed = at(21);
  EXPECT_EQ(pages.find(batch(one), time_point{4s}), nullptr);
}

// The home before the move may have committed more of the earlier epoch by then.
TEST_F(RecentPages, ThatGoOnIntoALaterEpochAreNotKept) {
  auto both = std::make_shared<history_page>(*page(11, 15));
  std::vector<numbered_event> first(1);
  first.front().seq = sequence{1};
  both->bursts.push_back(std::make_shared<price_burst>(stream_index{}, symbol::parse("A").value(),
                                                       epoch{2}, std::move(first), time_ms{}));
  pages.add(batch(client(10, 20)), both, time_point{1s});
  EXPECT_FALSE(find(10, 14));
  both->bursts.erase(both->bursts.begin());
  pages.add(batch(client(10, 20)), both, time_point{1s});
  EXPECT_FALSE(find(10, 14));
}

TEST_F(RecentPages, AreKeptForATime) {
  EXPECT_EQ(pages.next_drop(), std::nullopt);
  pages.add(batch(client(10, 20)), page(11, 20), time_point{1s});
  EXPECT_EQ(pages.next_drop(), time_point{6s});
  EXPECT_NE(pages.find(batch(client(10, 20)), time_point{5'999ms}), nullptr);
  EXPECT_EQ(pages.find(batch(client(10, 20)), time_point{6s}), nullptr);
  pages.drop(time_point{6s});
  EXPECT_EQ(pages.next_drop(), std::nullopt);
}

TEST_F(RecentPages, HoldSoManyEventsAndLetTheOldestGo) {
  pages.add(batch(client(10, 70)), page(11, 70), time_point{1s});
  pages.add(batch(client(70, 110)), page(71, 110), time_point{2s});
  EXPECT_NE(find(10, 70), nullptr);
  pages.add(batch(client(110, 111)), page(111, 111), time_point{3s});
  EXPECT_EQ(find(10, 70), nullptr);
  EXPECT_NE(find(70, 110), nullptr);
  EXPECT_NE(find(110, 111), nullptr);
  EXPECT_EQ(pages.next_drop(), time_point{7s});
}

TEST_F(RecentPages, OfTooManyEventsOrNoneAreNotKept) {
  pages.add(batch(client(0, 101)), page(1, 101), time_point{1s});
  pages.add(batch(client(0, 101)), std::make_shared<const history_page>(), time_point{1s});
  EXPECT_EQ(pages.next_drop(), std::nullopt);
}

} // namespace
} // namespace tradepulse
