// How a listener takes leave of its connections.
#include <gtest/gtest.h>

#include <set>

#include "tests/adapters/web/web_server.hpp"

namespace tradepulse::web {
namespace {

using namespace std::chrono_literals;
using testing::raw_client;
using testing::web_server;

TEST(Drain, TellsEachClientAReasonOfItsOwnAndWaitsForAll) {
  web_server server(2);
  server.open();
  std::vector<std::unique_ptr<raw_client>> all;
  for (std::size_t i = 0; i < 3; ++i) {
    all.push_back(std::make_unique<raw_client>(server.number()));
    all.back()->upgrade();
    server.clients.connection(i);
  }
  EXPECT_EQ(server.port->sessions(), 3U);
  server.port->close_all(close_code::service_restart,
                         [n = 0]() mutable { return "retry_after_ms=" + std::to_string(++n); });
  std::set<std::string> reasons;
  for (auto& client : all) {
    const auto close = client->read_close();
    EXPECT_EQ(close.close_code(), 1012);
    reasons.insert(close.close_reason());
  }
  EXPECT_EQ(reasons,
            (std::set<std::string>{"retry_after_ms=1", "retry_after_ms=2", "retry_after_ms=3"}));
  EXPECT_FALSE(server.port->wait_until_empty(0ms));
  for (auto& client : all)
    EXPECT_TRUE(client->confirm_close(1012));
  all.clear();
  EXPECT_TRUE(server.port->wait_until_empty(testing::patience));
  EXPECT_EQ(server.port->sessions(), 0U);
  for (std::size_t i = 0; i < 3; ++i)
    EXPECT_EQ(server.clients.connection(i)->wait_closed(), close_code::service_restart);
}

TEST(Drain, TakesNoNewConnectionButServesTheOpenOnes) {
  web_server server;
  server.open();
  raw_client client(server.number());
  EXPECT_EQ(client.get("/").header("Connection"), "keep-alive");
  raw_client socket(server.number());
  socket.upgrade();
  server.port->stop_accepting();
  server.io([] {});
  EXPECT_THROW(raw_client(server.number()).get("/"), std::runtime_error);
  const auto last = client.get("/");
  EXPECT_EQ(last.status, 200);
  EXPECT_EQ(last.header("Connection"), "close");
  EXPECT_TRUE(client.reaches_end());
  socket.send_text("still here");
  EXPECT_EQ(server.clients.connection()->wait_texts(1).front(), "still here");
}

TEST(Drain, RefusesUpgradesOfOpenConnections) {
  web_server server;
  server.open();
  raw_client client(server.number());
  EXPECT_EQ(client.get("/").status, 200);
  server.port->stop_accepting();
  const auto answer =
      client.get("/ws", "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n");
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.header("Retry-After"), "1");
  EXPECT_NE(answer.body.find("\"not_ready\""), std::string::npos);
}

TEST(Drain, EndsIdleHttpConnectionsAndFinishesAnswers) {
  web_server server;
  server.options.limits.send_buffer_bytes = 4096;
  server.http.answer = [](const http_request& request) {
    http_response out;
    if (request.path == "/long")
      out.body.assign(4 * 1024 * 1024, 'x');
    return out;
  };
  server.open();
  raw_client idle(server.number());
  EXPECT_EQ(idle.get("/").status, 200);
  raw_client reading(server.number(), 4096);
  reading.send("GET /long HTTP/1.1\r\nHost: h\r\n\r\n");
  reading.read_until("\r\n\r\n");
  server.port->close_all(close_code::service_restart, nullptr);
  EXPECT_TRUE(idle.reaches_end());
  EXPECT_EQ(reading.read_bytes(4 * 1024 * 1024).size(), 4U * 1024U * 1024U);
  EXPECT_TRUE(reading.reaches_end());
  reading.reset();
  EXPECT_TRUE(server.port->wait_until_empty(testing::patience));
}

TEST(Drain, AbortsWhatDoesNotEnd) {
  web_server server;
  server.open();
  raw_client deaf(server.number());
  deaf.upgrade();
  const auto owner = server.clients.connection();
  server.port->abort_all();
  EXPECT_TRUE(server.port->wait_until_empty(testing::patience));
  EXPECT_EQ(owner->wait_closed(), close_code::going_away);
}

TEST(Drain, DestroyingAListenerEndsItsConnections) {
  web_server server(2);
  server.open();
  raw_client socket(server.number());
  socket.upgrade();
  raw_client http(server.number());
  EXPECT_EQ(http.get("/").status, 200);
  const auto owner = server.clients.connection();
  server.port.reset();
  EXPECT_FALSE(owner->open()); // told before the destructor was through
  EXPECT_TRUE(socket.reaches_end());
  EXPECT_TRUE(http.reaches_end());
}

TEST(Drain, AListenerMayOutliveItsThreads) {
  web_server server;
  server.open();
  raw_client socket(server.number());
  socket.upgrade();
  server.clients.connection();
  server.pool.stop();
  server.port.reset();
  EXPECT_TRUE(socket.reaches_end());
}

} // namespace
} // namespace tradepulse::web
