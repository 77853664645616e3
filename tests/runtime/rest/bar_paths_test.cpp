// Under which paths the service answers for bars.
#include <gtest/gtest.h>

#include "runtime/rest/services.hpp"
#include "tests/runtime/rest/support/scripted_bars.hpp"

namespace tradepulse {
namespace {

using namespace test;

class BarPaths : public testing::Test {
 protected:
  BarPaths() {
    ready.restored = true;
    directory.preload({stored("AAPL", kline_1m, 1, 7, "stock-bars")});
    parts.directory = &directory;
    parts.ready = &ready;
    parts.bars.directory = &directory;
    parts.bars.stored = &bars;
  }
  http_response ask(const std::string& path, const std::string& query = "",
                    const std::string& method = "GET") {
    http_request request;
    request.method = method;
    request.path = path;
    request.query = query;
    return finished(rest_service(parts, true, false).handle(request));
  }

  health_board health;
  readiness ready{health};
  symbol_directory directory{10};
  scripted_bars bars;
  rest_parts parts;
};

TEST_F(BarPaths, AreTheSameWithAndWithoutApi) {
  for (const std::string before : {"", "/api"}) {
    EXPECT_EQ(ask(before + "/bars/AAPL").route, "/bars/{symbol}");
    EXPECT_EQ(ask(before + "/bars/AAPL/range", "start=1723125600").route, "/bars/{symbol}/range");
    EXPECT_EQ(ask(before + "/bars/latest").route, "/bars/latest");
    EXPECT_EQ(ask(before + "/bars/AAPL").status, 200);
  }
  EXPECT_EQ(ask("/api/v3/klines", "symbol=AAPL&interval=1m").status, 200);
  EXPECT_EQ(ask("/api/v3/klines").route, "/api/v3/klines");
}

// `latest` is a reserved word; as a symbol it is asked for with an escape.
TEST_F(BarPaths, KeepLatestForTheNewestOfEach) {
  EXPECT_EQ(ask("/bars/%6Catest").route, "/bars/{symbol}");
  EXPECT_EQ(bars.asked.at(0).symbols, std::vector<symbol>{sym("latest")});
}

TEST_F(BarPaths, AreNoOthers) {
  for (const char* path : {"/bars", "/bars/", "/barsAAPL", "/api/bars", "/api/barsAAPL",
                           "/bars/A/B", "/v3/klines", "/api/v3/klines/AAPL"}) {
    const auto out = ask(path);
    EXPECT_EQ(out.status, 404) << path;
    EXPECT_NE(out.body.find("there is no route"), std::string::npos) << path;
  }
}

TEST_F(BarPaths, TakeGetAndHeadAlone) {
  for (const char* path : {"/bars/AAPL", "/api/bars/latest", "/api/v3/klines"}) {
    const auto out = ask(path, "", "POST");
    EXPECT_EQ(out.status, 405) << path;
    EXPECT_EQ(out.headers,
              (std::vector<std::pair<std::string, std::string>>{{"Allow", "GET, HEAD"}}));
  }
  EXPECT_EQ(ask("/bars/AAPL", "", "HEAD").status, 200);
}

TEST_F(BarPaths, WaitUntilStoredSymbolsAnswer) {
  ready.restored = false;
  EXPECT_EQ(ask("/bars/AAPL").status, 503);
  const auto klines = ask("/api/v3/klines", "symbol=AAPL&interval=1m");
  EXPECT_EQ(klines.status, 503);
  EXPECT_NE(klines.body.find(R"({"code":-1001,)"), std::string::npos);
  EXPECT_TRUE(bars.asked.empty());
}

} // namespace
} // namespace tradepulse
