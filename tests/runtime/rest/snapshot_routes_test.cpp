#include "runtime/rest/snapshot_routes.hpp"

#include <gtest/gtest.h>

namespace tradepulse {
namespace {

stored_stream stored(const char* name, std::int64_t units, const topic_partition& home) {
  stored_stream out;
  out.symbol = *symbol::parse(name);
  out.position = {epoch{1}, sequence{7}};
  out.home = home;
  price_snapshot shown;
  shown.symbol = out.symbol;
  shown.price = price{units};
  shown.event_time = time_ms{std::chrono::milliseconds{1'723'161'256'543}};
  shown.position = out.position;
  shown.price_seq = sequence{7};
  out.snapshot = shown;
  return out;
}

class SnapshotRoutes : public testing::Test {
 protected:
  SnapshotRoutes() {
    directory.preload({stored("AAPL", 15'025'000'000, ours), stored("BTC/USD", 1, ours),
                       stored("MSFT", 0, theirs)});
  }

  static std::string whole(http_response answer) {
    std::string body = answer.body;
    while (answer.more && answer.more(body)) {
    }
    return body;
  }

  const topic_partition ours{"price-ticks", 0};
  const topic_partition theirs{"price-ticks", 1};
  symbol_directory directory{10};
};

TEST_F(SnapshotRoutes, AnswerOneSymbolExactly) {
  const auto answer = get_snapshot(directory, "AAPL");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, R"({"symbol":"AAPL","price":150.25,"volume":null,)"
                         R"("timestamp":1723161256543,"epoch":1,"seq":7})");
}

TEST_F(SnapshotRoutes, DecodeTheSymbolOnce) {
  EXPECT_EQ(get_snapshot(directory, "BTC%2FUSD").status, 200);
  EXPECT_EQ(get_snapshot(directory, "BTC%252FUSD").status, 400);
  EXPECT_EQ(get_snapshot(directory, "BTC%2").status, 400);
}

TEST_F(SnapshotRoutes, SayWhenNobodyHasSeenTheSymbol) {
  const auto answer = get_snapshot(directory, "NOPE");
  EXPECT_EQ(answer.status, 404);
  EXPECT_EQ(answer.body,
            R"({"error":{"code":"unknown_symbol","message":"symbol NOPE is not known",)"
            R"("retryable":false}})");
}

TEST_F(SnapshotRoutes, AnswerEveryStoredSymbolBeforeTheFirstAssignmentOnly) {
  EXPECT_EQ(get_snapshot(directory, "MSFT").status, 200);
  directory.set_assignment({ours});
  EXPECT_EQ(get_snapshot(directory, "MSFT").status, 503);
  EXPECT_EQ(get_snapshot(directory, "AAPL").status, 200);
  directory.set_assignment({ours, theirs});
  EXPECT_EQ(get_snapshot(directory, "MSFT").status, 503); // another node may have gone on
  directory.restore(theirs, stored("MSFT", 0, theirs));   // the claim
  EXPECT_EQ(get_snapshot(directory, "MSFT").status, 200);
}

TEST_F(SnapshotRoutes, SayWhenToAskAgainWhereThatMayHelp) {
  directory.set_assignment({ours});
  const auto elsewhere = get_snapshot(directory, "MSFT");
  EXPECT_EQ(elsewhere.headers,
            (std::vector<std::pair<std::string, std::string>>{{"Retry-After", "1"}}));
  EXPECT_TRUE(get_snapshot(directory, "NOPE").headers.empty()); // asking again does not help
}

TEST_F(SnapshotRoutes, ListInTheOrderOfTheSymbolsPageByPage) {
  const auto first = whole(list_snapshots(directory, "limit=2"));
  EXPECT_EQ(first, R"({"data":[{"symbol":"AAPL","price":150.25,"volume":null,)"
                   R"("timestamp":1723161256543,"epoch":1,"seq":7},)"
                   R"({"symbol":"BTC/USD","price":0.00000001,"volume":null,)"
                   R"("timestamp":1723161256543,"epoch":1,"seq":7}],"count":2,"next":"BTC/USD"})");
  const auto second = whole(list_snapshots(directory, "limit=2&after=BTC%2FUSD"));
  EXPECT_EQ(second, R"({"data":[{"symbol":"MSFT","price":0,"volume":null,)"
                    R"("timestamp":1723161256543,"epoch":1,"seq":7}],"count":1})");
}

TEST_F(SnapshotRoutes, ListLongInSlicesAndLoseNone) {
  std::vector<stored_stream> rows;
  for (int i = 0; i < 3'000; ++i)
    rows.push_back(stored(("X" + std::to_string(10'000 + i)).c_str(), i, ours));
  directory.preload(std::move(rows));
  auto answer = list_snapshots(directory, "");
  EXPECT_TRUE(answer.more);
  const auto body = whole(std::move(answer));
  std::size_t symbols = 0;
  for (std::size_t at = body.find("{\"symbol\""); at != std::string::npos;
       at = body.find("{\"symbol\"", at + 1))
    ++symbols;
  EXPECT_EQ(symbols, 3'003U);
  EXPECT_TRUE(body.ends_with(R"(],"count":3003})")) << body.substr(body.size() - 40);
}

TEST_F(SnapshotRoutes, ListCountsWhatIsElsewhere) {
  directory.set_assignment({ours});
  const auto body = whole(list_snapshots(directory, ""));
  EXPECT_TRUE(body.ends_with(R"("count":2,"not_owner":1})")) << body;
}

TEST_F(SnapshotRoutes, AnswerAQueryWithWhatIsMissing) {
  http_request request;
  request.content_type = "application/json";
  request.body = R"({"symbols":["NOPE","BTC/USD"]})";
  const auto answer = query_snapshots(directory, request);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, R"({"count":1,"data":[{"symbol":"BTC/USD","price":0.00000001,)"
                         R"("volume":null,"timestamp":1723161256543,"epoch":1,"seq":7}],)"
                         R"("missing":["NOPE"]})");
}

TEST_F(SnapshotRoutes, RefuseAQueryOfAnotherType) {
  http_request request;
  request.content_type = "text/plain";
  request.body = R"({"symbols":[]})";
  EXPECT_EQ(query_snapshots(directory, request).status, 415);
  request.content_type = "application/json; charset=utf-8";
  EXPECT_EQ(query_snapshots(directory, request).status, 200);
}

} // namespace
} // namespace tradepulse
