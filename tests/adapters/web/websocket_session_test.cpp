// The WebSocket side of a listener: the upgrade, messages, how it ends.
#include <gtest/gtest.h>

#include <malloc.h>

#include "tests/adapters/web/web_server.hpp"

namespace tradepulse::web {
namespace {

using namespace std::chrono_literals;
using testing::raw_client;
using testing::web_server;

constexpr std::string_view upgrade_fields =
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

class WebSocketSession : public ::testing::Test {
 protected:
  web_server server;

  raw_client::answer refused_upgrade(std::string_view target, std::string_view fields) {
    raw_client client(server.number());
    const auto answer = client.get(target, fields);
    EXPECT_TRUE(client.reaches_end());
    return answer;
  }
  // What the server closes with after these bytes.
  std::uint16_t closed_with(std::string_view bytes) {
    raw_client client(server.number());
    client.upgrade();
    client.send(bytes);
    const auto code = client.read_close().close_code();
    EXPECT_TRUE(client.confirm_close(code));
    return code;
  }
};

TEST_F(WebSocketSession, OpensAndTellsWhoCame) {
  server.open();
  raw_client client(server.number());
  client.send("GET /ws?token=1 HTTP/1.1\r\nHost: test\r\n" + std::string(upgrade_fields) + "\r\n");
  const auto given = client.read_until("\r\n\r\n");
  EXPECT_NE(given.find("\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"),
            std::string::npos);
  EXPECT_EQ(given.find("Sec-WebSocket-Extensions"), std::string::npos);
  const auto owner = server.clients.connection();
  EXPECT_EQ(owner->info.target, "/ws?token=1");
  EXPECT_EQ(owner->info.remote_address, "127.0.0.1");
  EXPECT_EQ(server.port->sessions(), 1U);
}

TEST_F(WebSocketSession, GivesEveryConnectionAnIdOfItsOwn) {
  server.open();
  raw_client a(server.number());
  a.upgrade();
  raw_client b(server.number());
  b.upgrade("/");
  EXPECT_NE(server.clients.connection(0)->info.id, server.clients.connection(1)->info.id);
}

TEST_F(WebSocketSession, RefusesAPathThatIsNotListed) {
  server.open();
  const auto answer = refused_upgrade("/other", upgrade_fields);
  EXPECT_EQ(answer.status, 404);
  EXPECT_NE(answer.body.find("\"code\":\"not_found\""), std::string::npos);
  EXPECT_EQ(server.counter("tradepulse_web_refused_total", {{"reason", "path"}}), 1U);
}

TEST_F(WebSocketSession, RefusesAForeignOriginAndTakesAListedOne) {
  server.options.allowed_origins = {"https://app.test"};
  server.open();
  const auto fields = std::string(upgrade_fields) + "Origin: https://evil.test\r\n";
  EXPECT_EQ(refused_upgrade("/ws", fields).status, 403);
  raw_client listed(server.number());
  listed.upgrade("/ws", "Origin: https://app.test\r\n");
  raw_client no_browser(server.number());
  no_browser.upgrade("/ws");
}

TEST_F(WebSocketSession, RefusesAnUpgradeThatIsNotOne) {
  server.open();
  EXPECT_EQ(refused_upgrade("/ws", "Connection: Upgrade\r\nUpgrade: websocket\r\n"
                                   "Sec-WebSocket-Version: 8\r\n"
                                   "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n")
                .status,
            426);
  EXPECT_EQ(refused_upgrade("/ws", "Connection: Upgrade\r\nUpgrade: websocket\r\n"
                                   "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: short\r\n")
                .status,
            400);
}

TEST_F(WebSocketSession, TakesALongTokenInTheRequest) {
  server.open();
  raw_client client(server.number());
  client.upgrade("/ws?token=" + std::string(4000, 't'));
  EXPECT_EQ(server.clients.connection()->info.target.size(), 10U + 4000U);
}

TEST_F(WebSocketSession, TakesFramesThatCameWithTheRequest) {
  server.open();
  raw_client client(server.number());
  client.send("GET /ws HTTP/1.1\r\nHost: test\r\n" + std::string(upgrade_fields) + "\r\n" +
              testing::client_frame(0x81, "early") +
              testing::client_frame(0x81, std::string(3000, 'x')));
  const auto texts = server.clients.connection()->wait_texts(2);
  EXPECT_EQ(texts[0], "early");
  EXPECT_EQ(texts[1], std::string(3000, 'x'));
}

TEST_F(WebSocketSession, ClosesWhereItsServiceTakesNoClient) {
  server.clients.refuses = true;
  server.open();
  raw_client client(server.number());
  client.upgrade();
  EXPECT_EQ(client.read_close().close_code(), 1013);
}

TEST_F(WebSocketSession, HandsOverTextsInTheirOrder) {
  server.open();
  raw_client client(server.number());
  client.upgrade();
  client.send_text("one");
  client.send_frame(0x01, "tw"); // in two fragments, with a ping between them
  client.send_frame(0x89, "p");
  client.send_frame(0x80, "o");
  const auto texts = server.clients.connection()->wait_texts(2);
  EXPECT_EQ(texts[0], "one");
  EXPECT_EQ(texts[1], "two");
  EXPECT_EQ(server.counter("tradepulse_web_messages_received_total"), 2U);
}

TEST_F(WebSocketSession, AnswersAPingWithItsPayload) {
  server.open();
  raw_client client(server.number());
  client.upgrade();
  client.send_frame(0x89, "are you there");
  const auto pong = client.read_frame();
  ASSERT_TRUE(pong);
  EXPECT_EQ(pong->first_octet, 0x8a);
  EXPECT_EQ(pong->payload, "are you there");
}

TEST_F(WebSocketSession, EchoesThePeersCloseAndTellsItsOwner) {
  server.open();
  raw_client client(server.number());
  client.upgrade();
  client.send_frame(0x88, "\x03\xe9"
                          "bye");
  EXPECT_EQ(client.read_close().close_code(), 1001);
  EXPECT_TRUE(client.reaches_end());
  client.reset();
  EXPECT_EQ(server.clients.connection()->wait_closed(), close_code::going_away);
  EXPECT_TRUE(server.port->wait_until_empty(testing::patience));
  EXPECT_EQ(server.counter("tradepulse_web_closes_total", {{"code", "1001"}}), 1U);
}

TEST_F(WebSocketSession, TellsItsOwnerWhenThePeerVanishes) {
  server.open();
  {
    raw_client client(server.number());
    client.upgrade();
    server.clients.connection();
    client.reset();
  }
  EXPECT_EQ(server.clients.connection()->wait_closed(), close_code::going_away);
  EXPECT_TRUE(server.port->wait_until_empty(testing::patience));
  EXPECT_EQ(server.counter("tradepulse_web_closes_total", {{"code", "1006"}}), 1U);
}

TEST_F(WebSocketSession, EndsWithAPeerThatSaysNoMoreWithoutAClose) {
  server.open();
  raw_client client(server.number());
  client.upgrade();
  client.send_text("last");
  client.finish_sending();
  EXPECT_TRUE(client.reaches_end());
  const auto owner = server.clients.connection();
  EXPECT_EQ(owner->wait_texts(1).front(), "last");
  EXPECT_EQ(owner->wait_closed(), close_code::going_away);
  EXPECT_TRUE(server.port->wait_until_empty(testing::patience));
  EXPECT_EQ(server.counter("tradepulse_web_closes_total", {{"code", "1006"}}), 1U);
}

TEST_F(WebSocketSession, EndsInTimeWithAPeerThatTalksOnInsteadOfClosing) {
  server.options.limits.close_timeout = 50ms;
  server.open();
  raw_client client(server.number());
  client.upgrade();
  const auto owner = server.clients.connection();
  server.io([&] { owner->out->close(close_code::forbidden, ""); });
  while (!owner->closed_within(1ms))
    if (!client.try_send(testing::client_frame(0x81, "and another thing")))
      break;
  EXPECT_EQ(owner->wait_closed(), close_code::forbidden);
  EXPECT_TRUE(server.port->wait_until_empty(testing::patience));
  EXPECT_EQ(owner->wait_texts(0).size(), 0U);
}

TEST_F(WebSocketSession, DeliversNothingAfterItWasClosed) {
  server.clients.opened_hook = [](testing::recorder& one) {
    one.text_hook = [](testing::recorder& self, std::string_view) {
      self.out->close(close_code::bad_request, "enough");
    };
  };
  server.open();
  raw_client client(server.number());
  client.upgrade();
  client.send(testing::client_frame(0x81, "one") + testing::client_frame(0x81, "two"));
  EXPECT_EQ(client.read_close().close_code(), 4400);
  EXPECT_TRUE(client.confirm_close(4400));
  const auto owner = server.clients.connection();
  EXPECT_EQ(owner->wait_closed(), close_code::bad_request);
  EXPECT_EQ(owner->wait_texts(1).size(), 1U);
}

TEST_F(WebSocketSession, EndsOneConnectionForAFaultOfItsOwner) {
  server.clients.opened_hook = [](testing::recorder& one) {
    one.text_hook = [](testing::recorder&, std::string_view text) {
      if (text == "bad")
        throw std::runtime_error("boom");
    };
  };
  server.open();
  raw_client other(server.number());
  other.upgrade();
  raw_client client(server.number());
  client.upgrade();
  client.send_text("bad");
  EXPECT_EQ(client.read_close().close_code(), 1011);
  other.send_text("good");
  EXPECT_EQ(server.clients.connection(0)->wait_texts(1).front(), "good");
}

TEST_F(WebSocketSession, CostsLittleWhileItIsIdle) {
#ifdef TRADEPULSE_HARD_ASSERTIONS
  GTEST_SKIP() << "a sanitizer's allocator is not counted";
#endif
  constexpr std::size_t connections = 200;
  server.open();
  std::vector<std::unique_ptr<raw_client>> all;
  all.reserve(connections);
  const auto connect = [&] {
    all.push_back(std::make_unique<raw_client>(server.number()));
    all.back()->upgrade();
    all.back()->send_text("hello");
    server.clients.connection(all.size() - 1)->wait_texts(1);
  };
  connect(); // what is made once
  const std::size_t before = ::mallinfo2().uordblks;
  while (all.size() < connections)
    connect();
  const std::size_t each = (::mallinfo2().uordblks - before) / (connections - 1);
  RecordProperty("bytes_per_connection", std::to_string(each));
  EXPECT_LT(each, 12U * 1024U); // the test's own client and recorder included
}

} // namespace
} // namespace tradepulse::web
