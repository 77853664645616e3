// Who gets a place among the connections, and that every place comes back.
#include <gtest/gtest.h>

#include "tests/adapters/web/web_server.hpp"

namespace tradepulse::web {
namespace {

using namespace std::chrono_literals;
using testing::raw_client;
using testing::text_slice;
using testing::web_server;

TEST(Admission, RefusesConnectionsBeyondItsBudgetWithAnAnswer) {
  web_server server;
  server.options.budget = connection_budget::make(1, 0);
  server.open();
  auto first = std::make_unique<raw_client>(server.number());
  first->upgrade();
  {
    raw_client second(server.number());
    const auto answer = second.get("/");
    EXPECT_EQ(answer.status, 503);
    EXPECT_EQ(answer.header("Retry-After"), "5");
    EXPECT_NE(answer.body.find("\"too_many_connections\""), std::string::npos);
    EXPECT_TRUE(second.reaches_end());
  }
  EXPECT_EQ(server.counter("tradepulse_web_refused_total", {{"reason", "connections"}}), 1U);
  first.reset();
  EXPECT_TRUE(testing::eventually([&] { return server.options.budget->connections() == 0; }));
  raw_client third(server.number());
  third.upgrade();
}

TEST(Admission, RefusesConnectionsBeyondTheBudgetOfTheirAddress) {
  web_server server;
  server.options.budget = connection_budget::make(100, 2);
  server.open();
  raw_client first(server.number());
  first.upgrade();
  raw_client second(server.number());
  second.upgrade();
  raw_client third(server.number());
  EXPECT_EQ(third.get("/").status, 503);
  EXPECT_EQ(server.counter("tradepulse_web_refused_total", {{"reason", "address"}}), 1U);
}

TEST(Admission, MeasuresTheAnswerToAConnectionBeyondItsBudgetAsAnyOther) {
  web_server server;
  server.options.budget = connection_budget::make(0, 0);
  server.open();
  raw_client client(server.number());
  EXPECT_EQ(client.get("/").status, 503);
  EXPECT_TRUE(client.reaches_end());
  client.reset();
  ASSERT_TRUE(server.port->wait_until_empty(testing::patience));
  const auto took = server.registry
                        .make_histogram("tradepulse_http_request_seconds", "",
                                        {{"listener", server.options.name}})
                        .read();
  EXPECT_EQ(took.cumulative.back(), 1U);
  EXPECT_LT(took.sum_seconds, 60); // and not the uptime of the machine
}

TEST(Admission, GetsEveryPlaceBackHoweverAConnectionEnds) {
  web_server server(2);
  server.options.budget = connection_budget::make(100, 100);
  server.options.limits.handshake_timeout = 1s;
  server.options.limits.close_timeout = 50ms;
  server.options.limits.write_timeout = 200ms;
  server.options.limits.frames_per_second = 100;
  server.options.limits.send_buffer_bytes = 4608;
  server.http.answer = [](const http_request&) {
    http_response out;
    out.body.assign(4 * 1024 * 1024, 'x');
    return out;
  };
  server.clients.opened_hook = [](testing::recorder& one) {
    EXPECT_EQ(one.out->push(text_slice(std::string(4 * 1024 * 1024, 'y'))), push_outcome::accepted);
    one.out->flush();
  };
  server.open();
  constexpr std::string_view request = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
  raw_client(server.number()).reset(); // before a byte
  raw_client silent(server.number());  // a deadline
  raw_client stalled(server.number(), 4096);
  stalled.send(request); // an answer that nobody reads
  const auto end = [&](std::string_view bytes) {
    raw_client one(server.number());
    one.send(bytes);
    one.reset();
  };
  end(request);            // in the middle of an answer
  end("GET / HT");         // in the middle of a request
  end("\x01\x02\r\n\r\n"); // at a refusal
  const auto upgraded = [&] {
    auto one = std::make_unique<raw_client>(server.number(), 4096);
    one->upgrade();
    return one;
  };
  upgraded()->reset(); // in the middle of a frame
  upgraded()->finish_sending();
  const auto deaf = upgraded(); // a slow consumer
  const auto broken = upgraded();
  broken->send("\xff\xff"); // no frame
  const auto flood = upgraded();
  for (int i = 0; i < 1000 && flood->try_send(testing::client_frame(0x89, "")); ++i) {
  }
  EXPECT_TRUE(testing::eventually([&] { return server.options.budget->connections() == 0; }));
  EXPECT_TRUE(server.port->wait_until_empty(testing::patience));
  EXPECT_EQ(server.port->sessions(), 0U);
  for (const auto& family : server.registry.families())
    if (family.name == "tradepulse_web_connections") {
      for (const auto& kind : family.samples)
        EXPECT_EQ(kind.as_gauge->value(), 0) << kind.tags.back().second;
    }
}

TEST(Admission, SharesABudgetWithAnother) {
  web_server server;
  server.options.budget = connection_budget::make(1, 0);
  server.open();
  auto options = server.options;
  options.name = "second";
  auto other = listener::open(server.pool, options, server.registry);
  ASSERT_TRUE(other);
  raw_client client(server.number());
  client.upgrade();
  raw_client refused((*other)->port());
  EXPECT_EQ(refused.get("/").status, 503);
}

} // namespace
} // namespace tradepulse::web
