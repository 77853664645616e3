// Requests that are refused, or that take too long.
#include <gtest/gtest.h>

#include "tests/adapters/web/web_server.hpp"

namespace tradepulse::web {
namespace {

using namespace std::chrono_literals;
using testing::raw_client;
using testing::web_server;

class HttpLimits : public ::testing::Test {
 protected:
  web_server server;

  // Sends bytes on a new connection; the answer's status, and that the connection ends.
  int status_of_last(const std::string& request) {
    raw_client client(server.number());
    client.send(request);
    const auto answer = client.read_answer();
    body_ = answer.body;
    EXPECT_EQ(answer.header("Connection"), "close");
    EXPECT_TRUE(client.reaches_end());
    return answer.status;
  }
  std::string body_;
};

TEST_F(HttpLimits, DoesNotReadEmptyLinesForEver) {
  server.open();
  EXPECT_EQ(status_of_last("\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n"), 400);
}

TEST_F(HttpLimits, RefusesAnyTransferEncoding) {
  server.open();
  EXPECT_EQ(status_of_last("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
                           "0\r\n\r\n"),
            400);
  EXPECT_EQ(body_, "{\"error\":{\"code\":\"bad_request\",\"message\":\"Transfer-Encoding is not "
                   "accepted: send the body with Content-Length\",\"retryable\":false}}");
  EXPECT_EQ(status_of_last("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip\r\n\r\n"), 400);
}

TEST_F(HttpLimits, RefusesContentLengthTogetherWithTransferEncoding) {
  server.open();
  EXPECT_EQ(status_of_last("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n"
                           "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
            400);
  EXPECT_EQ(status_of_last("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n"
                           "Content-Length: 3\r\n\r\n0\r\n\r\n"),
            400);
}

TEST_F(HttpLimits, RefusesTwoLengthsEvenWhereTheyAgree) {
  server.open();
  EXPECT_EQ(status_of_last("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n"
                           "Content-Length: 3\r\n\r\nabc"),
            400);
  EXPECT_EQ(status_of_last("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n"
                           "Content-Length: 4\r\n\r\nabcd"),
            400);
}

TEST_F(HttpLimits, RefusesTwoHostsAndNone) {
  server.open();
  EXPECT_EQ(status_of_last("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"), 400);
  EXPECT_EQ(status_of_last("GET / HTTP/1.1\r\n\r\n"), 400);
}

TEST_F(HttpLimits, RefusesABodyWithAGet) {
  server.open();
  EXPECT_EQ(status_of_last("GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx"), 400);
}

TEST_F(HttpLimits, TakesAGetThatSaysItHasNoBody) {
  server.open();
  raw_client client(server.number());
  EXPECT_EQ(client.get("/", "Content-Length: 0\r\n").status, 200);
}

TEST_F(HttpLimits, RefusesWhatIsNotHttp) {
  server.open();
  EXPECT_EQ(status_of_last("\x16\x03\x01\x02\r\n\r\n"), 400);
  EXPECT_EQ(status_of_last("GET / HTTP/3.7\r\nHost: h\r\n\r\n"), 400);
}

TEST_F(HttpLimits, AnswersATargetThatIsTooLong) {
  server.open();
  // Beyond the target's limit, and beyond what is read of a head at all.
  EXPECT_EQ(status_of_last("GET /" + std::string(9'000, 'a') + " HTTP/1.1\r\nHost: h\r\n\r\n"),
            414);
  EXPECT_EQ(status_of_last("GET /" + std::string(65'536, 'a') + " HTTP/1.1\r\nHost: h\r\n\r\n"),
            414);
}

TEST_F(HttpLimits, AnswersAHeaderThatIsTooLarge) {
  server.open();
  EXPECT_EQ(
      status_of_last("GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(20'000, 'a') + "\r\n\r\n"),
      431);
  std::string many = "GET / HTTP/1.1\r\nHost: h\r\n";
  for (int i = 0; i < 1'000; ++i)
    many += "X-Field: 0123456789\r\n";
  EXPECT_EQ(status_of_last(many + "\r\n"), 431);
}

TEST_F(HttpLimits, AnswersABodyThatIsTooLargeBeforeItHasCome) {
  server.options.limits.body_bytes = 10;
  server.open();
  EXPECT_EQ(status_of_last("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 11\r\n\r\n"), 413);
  raw_client client(server.number());
  client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n0123456789");
  EXPECT_EQ(client.read_answer().body, "POST /  0123456789");
}

TEST_F(HttpLimits, AnswersAClientThatSendsItsWholeBodyBeforeItReads) {
  server.options.limits.close_timeout = testing::patience;
  server.open();
  constexpr std::size_t length = 12 * 1024 * 1024; // far beyond the limit and what sockets hold
  raw_client client(server.number());
  client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(length) +
              "\r\n\r\n");
  client.send(std::string(length, 'x'));
  EXPECT_EQ(client.read_answer().status, 413);
}

TEST_F(HttpLimits, DoesNotListenForEverToAClientThatItHasRefused) {
  server.options.limits.close_timeout = 10min;
  server.open();
  raw_client client(server.number());
  client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9999999999\r\n\r\n");
  const std::string part(1024 * 1024, 'x');
  int sent = 0;
  while (sent < 1000 && client.try_send(part))
    ++sent;
  EXPECT_LT(sent, 100); // 16 MB, and what the sockets hold
}

TEST_F(HttpLimits, ClosesAConnectionWhoseHeaderDoesNotEnd) {
  server.options.limits.handshake_timeout = 100ms;
  server.open();
  raw_client slow(server.number());
  slow.send("GET / HTTP/1.1\r\nHost: h\r\n");
  EXPECT_TRUE(slow.reaches_end());
  raw_client silent(server.number());
  EXPECT_TRUE(silent.reaches_end());
}

TEST_F(HttpLimits, DoesNotGrantTimeForEachByteOfAHeader) {
  server.options.limits.handshake_timeout = 100ms;
  server.open();
  raw_client slow(server.number());
  slow.send("GET / HTTP/1.1\r\nHost: h\r\nX: ");
  // Feeds it until it is gone: a deadline that began anew with each byte would never end this.
  EXPECT_TRUE(testing::eventually([&] { return !slow.try_send("x"); }));
}

} // namespace
} // namespace tradepulse::web
