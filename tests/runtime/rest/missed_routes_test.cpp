#include "runtime/rest/missed_routes.hpp"

#include <gtest/gtest.h>

namespace tradepulse {
namespace {

class scripted_history final : public history_source {
 public:
  void read(history_query query, history_answer then) override {
    asked.push_back(query);
    auto answer = answers.at(asked.size() - 1);
    then(std::move(answer));
  }
  std::vector<history_query> asked;
  std::vector<result<std::shared_ptr<const history_page>>> answers;
};

class MissedRoutes : public testing::Test {
 protected:
  MissedRoutes() {
    stored_stream known;
    known.symbol = *symbol::parse("AAPL");
    known.position = {epoch{2}, sequence{7}};
    known.home = topic_partition{"price-ticks", 0};
    price_snapshot shown;
    shown.symbol = known.symbol;
    shown.position = known.position;
    known.snapshot = shown;
    directory.preload({known});
  }
  // The answer, which is later where the database was asked.
  http_response get(const std::string& query) {
    auto out = missed_events(directory, history, query);
    if (out.later) {
      http_response given;
      out.later([&given](http_response&& answer) { given = std::move(answer); });
      out = std::move(given);
    }
    EXPECT_EQ(out.route, "/api/v1/events/missed");
    return out;
  }
  void answers(result<std::shared_ptr<const history_page>> with) {
    history.answers.push_back(std::move(with));
  }

  symbol_directory directory{10};
  scripted_history history;
};

TEST_F(MissedRoutes, AskTheJournalOfTheCurrentEpoch) {
  auto page = std::make_shared<history_page>();
  page->committed = {epoch{2}, sequence{7}};
  answers(std::shared_ptr<const history_page>(page));
  const auto out = get("symbol=AAPL&fromSeq=7");
  EXPECT_EQ(out.status, 200);
  EXPECT_EQ(out.body,
            R"({"symbol":"AAPL","stream":"price","epoch":2,"seq":7,"fromSeq":7,"toSeq":7,)"
            R"("count":0,"data":[],"lowest":null,"highest":null,"gaps":[]})");
  ASSERT_EQ(history.asked.size(), 1U);
  EXPECT_EQ(history.asked[0].after, (stream_position{epoch{2}, sequence{7}}));
}

TEST_F(MissedRoutes, RefuseWithoutAskingTheDatabase) {
  EXPECT_EQ(get("symbol=AAPL").status, 400);
  EXPECT_EQ(get("symbol=AAPL&fromSeq=0&stream=ticker").status, 400);
  EXPECT_EQ(get("symbol=AAPL&fromSeq=0&stream=trade").status, 404); // it has none
  EXPECT_EQ(get("symbol=NOPE&fromSeq=0").status, 404);
  const auto ahead = get("symbol=AAPL&fromSeq=0&epoch=3");
  EXPECT_EQ(ahead.status, 400);
  EXPECT_NE(ahead.body.find("epoch=3: AAPL is at epoch 2"), std::string::npos);
  directory.set_assignment({});
  const auto elsewhere = get("symbol=AAPL&fromSeq=0");
  EXPECT_EQ(elsewhere.status, 503);
  EXPECT_EQ(elsewhere.headers,
            (std::vector<std::pair<std::string, std::string>>{{"Retry-After", "1"}}));
  EXPECT_TRUE(history.asked.empty());
}

TEST_F(MissedRoutes, PassOnWhatTheDatabaseSays) {
  answers(error{errc::database_unavailable, "PostgreSQL: away"});
  const auto away = get("symbol=AAPL&fromSeq=0");
  EXPECT_EQ(away.status, 503);
  EXPECT_EQ(away.body, R"({"error":{"code":"database_unavailable","message":"PostgreSQL: away",)"
                       R"("retryable":true}})");
  ASSERT_EQ(away.headers.size(), 1U);
  EXPECT_EQ(away.headers[0].first, "Retry-After");
  answers(error{errc::unsupported, "not in journal.streams"});
  const auto not_kept = get("symbol=AAPL&fromSeq=0");
  EXPECT_EQ(not_kept.status, 400);
  EXPECT_TRUE(not_kept.headers.empty());
}

} // namespace
} // namespace tradepulse
