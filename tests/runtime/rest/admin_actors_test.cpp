#include <gtest/gtest.h>

#include "runtime/rest/services.hpp"

// The list of streams in /admin/actors: of every kind, in slices.
namespace tradepulse {
namespace {

stored_stream stored(const char* name, stream_kind kind, std::int64_t seq) {
  stored_stream out;
  out.symbol = *symbol::parse(name);
  out.kind = kind;
  out.position = {epoch{1}, sequence{seq}};
  out.home = topic_partition{"ticks", 0};
  if (kind == stream_kind::price)
    out.snapshot = price_snapshot{{out.symbol, out.position, kind}, {}, {}, {}, {}, {}};
  return out;
}

class AdminActors : public testing::Test {
 protected:
  AdminActors() {
    directory.preload({stored("BTC/USD", minute, 3), stored("AAPL", stream_kind::trade, 2),
                       stored("AAPL", stream_kind{}, 1), stored("BTC/USD", stream_kind{}, 4)});
  }
  // "name state" of each row, then what `next` says.
  std::vector<std::string> rows(const std::string& query) const {
    const auto body = admin_actors(directory, board, query).body;
    std::vector<std::string> out;
    for (std::size_t at = body.find(R"("name":")"); at != std::string::npos;
         at = body.find(R"("name":")", at + 1))
      out.push_back(body.substr(at + 8, body.find('"', at + 8) - at - 8));
    if (const auto next = body.find(R"("next":)"); next != std::string::npos)
      out.push_back("next " + body.substr(next + 7));
    return out;
  }
  using texts = std::vector<std::string>;

  const stream_kind minute = stream_kind::kline(kline_interval::m1);
  symbol_directory directory{10};
  actor_board board;
};

TEST_F(AdminActors, ListsTheStreamsOfEverySymbol) {
  EXPECT_EQ(rows("kind=symbol"), (texts{"AAPL", "AAPL trade", "BTC/USD", "BTC/USD kline_1m"}));
  EXPECT_NE(admin_actors(directory, board, "kind=symbol")
                .body.find(R"({"kind":"symbol","name":"BTC/USD kline_1m","state":"idle, epoch 1, )"
                           R"(sequence 3, 0 subscriptions","queue_depth":0,"last_error":null,)"
                           R"("restarts":0})"),
            std::string::npos);
}

TEST_F(AdminActors, GoesOnBehindAnyOfThem) {
  EXPECT_EQ(rows("kind=symbol&limit=2"),
            (texts{"AAPL", "AAPL trade", R"(next "symbol/AAPL trade"})"}));
  EXPECT_EQ(rows("kind=symbol&after=symbol/AAPL"),
            (texts{"AAPL trade", "BTC/USD", "BTC/USD kline_1m"}));
  EXPECT_EQ(rows("kind=symbol&after=symbol/AAPL%20trade"), (texts{"BTC/USD", "BTC/USD kline_1m"}));
  EXPECT_EQ(rows("kind=symbol&after=symbol/BTC%2FUSD%20kline_1m"), texts{});
  EXPECT_EQ(rows("kind=symbol&after=symbol/B"), (texts{"BTC/USD", "BTC/USD kline_1m"}));
}

TEST_F(AdminActors, DoesNotCountAStreamWithoutPricesAsASymbolWithOne) {
  EXPECT_EQ(directory.size(), 2u);
  EXPECT_EQ(directory.list("", 10).size(), 2u);
  EXPECT_EQ(directory.list_all({}, 10).size(), 4u);
}

} // namespace
} // namespace tradepulse
