#pragma once

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "runtime/rest/missed_klines_routes.hpp"

// Missed klines of a journal and of tables that answer as the test says.
namespace tradepulse::test {

class scripted_source final : public source_history {
 public:
  void read(source_query query, source_published published, source_answer then) override {
    asked.push_back(query);
    was_published = published;
    then(answer);
  }
  std::vector<source_query> asked;
  source_published was_published;
  result<source_page> answer = source_page{};
};

class scripted_history final : public history_source {
 public:
  void read(history_query query, history_answer then) override {
    asked.push_back(query);
    then(answer);
  }
  std::vector<history_query> asked;
  result<std::shared_ptr<const history_page>> answer = std::make_shared<const history_page>();
};

// Knows klines of a minute of BTCUSDT, up to 2/9.
class missed_klines_test : public testing::Test {
 protected:
  missed_klines_test() {
    stored_stream known;
    known.symbol = *symbol::parse("BTCUSDT");
    known.kind = stream_kind::kline(kline_interval::m1);
    known.position = {epoch{2}, sequence{9}};
    known.home = topic_partition{"market_data", 0};
    directory.preload({known});
    bars.directory = &directory;
    page.known = page.below = page.above = page.all_kept = true;
    page.committed = known.position;
  }
  http_response ask(const missed_klines_parts& parts, const std::string& query) {
    auto out = missed_klines(parts, query);
    if (out.later) {
      http_response given;
      out.later([&given](http_response&& answer) { given = std::move(answer); });
      out = std::move(given);
    }
    EXPECT_EQ(out.route, "/api/v1/klines/missed");
    return out;
  }
  http_response by_source(const std::string& query) {
    source.answer = page;
    return ask({&bars, &history, &source}, query);
  }
  // What stands behind `data`.
  std::string tail(const std::string& query) {
    const auto body = by_source(query).body;
    return body.substr(body.find(R"(,"numbering")"));
  }
  http_response by_engine(const std::string& query) {
    return ask({&bars, &history, nullptr}, query);
  }

  symbol_directory directory{10};
  bar_parts bars;
  scripted_source source;
  scripted_history history;
  source_page page;
};

} // namespace tradepulse::test
