// HTTP/1.1 over a real socket.
#include <gtest/gtest.h>

#include "tests/adapters/web/web_server.hpp"

namespace tradepulse::web {
namespace {

using namespace std::chrono_literals;
using testing::raw_client;
using testing::web_server;

class HttpSession : public ::testing::Test {
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

TEST_F(HttpSession, AnswersManyRequestsOfOneConnection) {
  server.open();
  raw_client client(server.number());
  for (int i = 0; i < 3; ++i) {
    const auto answer = client.get("/a%2Fb?x=1&y=%20");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, "GET /a%2Fb x=1&y=%20 ");
    EXPECT_EQ(answer.header("Connection"), "keep-alive");
    EXPECT_EQ(answer.header("Content-Type"), "text/plain");
  }
  EXPECT_EQ(server.counter("tradepulse_web_accepted_total"), 1U);
  // Counted behind the last byte, which the client may have before we do.
  EXPECT_TRUE(testing::eventually([&] {
    return server.counter("tradepulse_http_requests_total",
                          {{"route", "/echo"}, {"status", "200"}}) == 3;
  }));
}

TEST_F(HttpSession, AnswersPipelinedRequestsInTheirOrder) {
  server.open();
  raw_client client(server.number());
  client.send("GET /1 HTTP/1.1\r\nHost: h\r\n\r\n"
              "POST /2 HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody"
              "GET /3 HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(client.read_answer().body, "GET /1  ");
  EXPECT_EQ(client.read_answer().body, "POST /2  body");
  EXPECT_EQ(client.read_answer().body, "GET /3  ");
}

TEST_F(HttpSession, ReadsARequestThatComesByteByByte) {
  server.open();
  raw_client client(server.number());
  for (const char c : std::string("POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"))
    client.send({&c, 1});
  EXPECT_EQ(client.read_answer().body, "POST /p  abc");
}

TEST_F(HttpSession, AnswersAHeadWithTheLengthAndWithoutTheBody) {
  server.open();
  raw_client client(server.number());
  client.send("HEAD /x HTTP/1.1\r\nHost: h\r\n\r\n");
  const auto answer = client.read_answer(true);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("Content-Length"), "8");
  EXPECT_EQ(client.get("/y").body, "GET /y  "); // nothing was left between the two
}

TEST_F(HttpSession, ClosesWhenTheClientAsksForIt) {
  server.open();
  EXPECT_EQ(status_of_last("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"), 200);
}

TEST_F(HttpSession, ServesAnOldClientAndCloses) {
  server.open();
  EXPECT_EQ(status_of_last("GET / HTTP/1.0\r\n\r\n"), 200);
}

TEST_F(HttpSession, TakesATargetWithSchemeAndHost) {
  server.open();
  raw_client client(server.number());
  EXPECT_EQ(client.get("http://host:80/a?b").body, "GET /a b ");
  EXPECT_EQ(client.get("http://host").body, "GET /  ");
}

TEST_F(HttpSession, SaysContinueToAClientThatWaitsForIt) {
  server.open();
  raw_client client(server.number());
  client.send("POST /p HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(client.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("hi");
  EXPECT_EQ(client.read_answer().body, "POST /p  hi");
}

TEST_F(HttpSession, ReadsExpectInAnyCase) {
  server.open();
  raw_client client(server.number());
  client.send("POST /p HTTP/1.1\r\nHost: h\r\nExpect: 100-Continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(client.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
}

TEST_F(HttpSession, DoesNotSayContinueToAnOldClient) {
  server.open();
  raw_client client(server.number());
  client.send("POST /p HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  server.io([] {});
  client.send("hi");
  EXPECT_EQ(client.read_answer().body, "POST /p  hi"); // the first thing that comes
}

TEST_F(HttpSession, SkipsAnEmptyLineBeforeARequest) {
  server.open();
  raw_client client(server.number());
  // As old clients send behind a body.
  client.send("\r\nPOST /1 HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody\r\n"
              "GET /2 HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(client.read_answer().body, "POST /1  body");
  EXPECT_EQ(client.read_answer().body, "GET /2  ");
}

TEST_F(HttpSession, ClosesAnIdleConnection) {
  server.options.limits.keep_alive_timeout = 100ms;
  server.open();
  raw_client client(server.number());
  EXPECT_EQ(client.get("/").status, 200);
  EXPECT_TRUE(client.reaches_end());
}

TEST_F(HttpSession, KeepsAnIdleConnectionThatSentAnEmptyLine) {
  server.options.limits.handshake_timeout = 1s;
  server.open();
  raw_client client(server.number());
  client.send("POST /1 HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody\r\n");
  EXPECT_EQ(client.read_answer().status, 200);
  // Another one is closed for its beginning of a request; this one has begun none.
  raw_client other(server.number());
  other.send("G");
  EXPECT_TRUE(other.reaches_end());
  EXPECT_EQ(client.get("/2").status, 200);
}

TEST_F(HttpSession, AnswersAClientThatHasSaidItsLast) {
  server.http.answer = [](const http_request& request) {
    http_response out;
    out.body = request.path;
    out.more = [n = 0](std::string& to) mutable {
      to.assign(100'000, 'x');
      return ++n < 20;
    };
    return out;
  };
  server.open();
  raw_client client(server.number());
  client.send("GET /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n");
  client.finish_sending();
  EXPECT_EQ(client.read_answer().body.size(), 2U + 2'000'000U);
  EXPECT_EQ(client.read_answer().body.size(), 2U + 2'000'000U);
  EXPECT_TRUE(client.reaches_end());
  EXPECT_TRUE(server.port->wait_until_empty(testing::patience));
}

TEST_F(HttpSession, SendsALongAnswerInSlices) {
  server.http.answer = [](const http_request&) {
    http_response out;
    out.body = "[0";
    out.more = [n = 0](std::string& to) mutable {
      to = "," + std::to_string(++n);
      if (n == 5)
        to += "]";
      return n < 5;
    };
    return out;
  };
  server.open();
  raw_client client(server.number());
  for (int i = 0; i < 2; ++i) {
    const auto answer = client.get("/");
    EXPECT_EQ(answer.chunks, 6);
    EXPECT_EQ(answer.body, "[0,1,2,3,4,5]");
  }
}

TEST_F(HttpSession, GoesOnAfterAnEmptySlice) {
  server.http.answer = [](const http_request&) {
    http_response out;
    out.more = [n = 0](std::string& to) mutable {
      if (++n % 2 == 0)
        to = "x";
      return n < 7;
    };
    return out;
  };
  server.open();
  raw_client client(server.number());
  EXPECT_EQ(client.get("/").body, "xxx");
}

TEST_F(HttpSession, AsksForASliceOnlyWhenTheSocketTookTheOneBefore) {
  std::atomic<int> asked{0};
  constexpr int slices = 400;
  server.http.answer = [&asked](const http_request&) {
    http_response out;
    out.more = [&asked](std::string& to) {
      to.assign(16 * 1024, 'x');
      return ++asked < slices;
    };
    return out;
  };
  server.options.limits.send_buffer_bytes = 4096;
  server.open();
  raw_client client(server.number(), 4096);
  client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_TRUE(testing::eventually([&] { return asked > 0; }));
  EXPECT_LT(asked, slices); // the client has not read a byte
  EXPECT_EQ(client.read_answer().body.size(), slices * 16U * 1024U);
  EXPECT_EQ(asked, slices);
}

TEST_F(HttpSession, EndsALongAnswerToAnOldClientByClosing) {
  server.http.answer = [](const http_request&) {
    http_response out;
    out.body = "a";
    out.more = [](std::string& to) {
      to = "b";
      return false;
    };
    return out;
  };
  server.open();
  EXPECT_EQ(status_of_last("GET / HTTP/1.0\r\n\r\n"), 200);
  EXPECT_EQ(body_, "ab");
}

TEST_F(HttpSession, DropsAReaderThatTakesNothing) {
  server.http.answer = [](const http_request&) {
    http_response out;
    out.body.assign(4 * 1024 * 1024, 'x');
    return out;
  };
  server.options.limits.send_buffer_bytes = 4096;
  server.options.limits.write_timeout = 100ms;
  server.open();
  raw_client client(server.number(), 4096);
  client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_TRUE(testing::eventually([&] { return server.port->connections() == 1; }));
  EXPECT_TRUE(testing::eventually([&] { return server.port->connections() == 0; }));
}

TEST_F(HttpSession, AnswersAFaultOfTheServiceAndGoesOn) {
  server.http.answer = [](const http_request& request) -> http_response {
    if (request.path == "/bad")
      throw std::runtime_error("boom");
    return {};
  };
  server.open();
  raw_client client(server.number());
  const auto answer = client.get("/bad");
  EXPECT_EQ(answer.status, 500);
  EXPECT_EQ(answer.body, "{\"error\":{\"code\":\"internal\",\"message\":\"a fault of the "
                         "server\",\"retryable\":true}}");
  EXPECT_EQ(client.get("/good").status, 200);
}

TEST_F(HttpSession, BreaksOffALongAnswerWhoseSourceFails) {
  server.http.answer = [](const http_request&) {
    http_response out;
    out.body = "a";
    out.more = [](std::string&) -> bool { throw std::runtime_error("boom"); };
    return out;
  };
  server.open();
  raw_client client(server.number());
  client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THROW(client.read_answer(), std::runtime_error); // no last chunk: not taken for whole
}

TEST_F(HttpSession, AnswersAPreflightOfAnAllowedOrigin) {
  server.options.allowed_origins = {"https://app.test"};
  server.open();
  raw_client client(server.number());
  client.send("OPTIONS /api/x HTTP/1.1\r\nHost: h\r\nOrigin: https://app.test\r\n"
              "Access-Control-Request-Method: POST\r\n\r\n");
  const auto answer = client.read_answer();
  EXPECT_EQ(answer.status, 204);
  EXPECT_EQ(answer.header("Access-Control-Allow-Origin"), "https://app.test");
  EXPECT_EQ(answer.header("Access-Control-Allow-Methods"), "GET, HEAD, POST, OPTIONS");
  EXPECT_EQ(answer.header("Vary"), "Origin");
}

TEST_F(HttpSession, RefusesAPreflightOfAnotherOrigin) {
  server.options.allowed_origins = {"https://app.test"};
  server.open();
  raw_client client(server.number());
  client.send("OPTIONS /api/x HTTP/1.1\r\nHost: h\r\nOrigin: https://evil.test\r\n\r\n");
  const auto answer = client.read_answer();
  EXPECT_EQ(answer.status, 403);
  EXPECT_EQ(answer.header("Access-Control-Allow-Origin"), "");
}

TEST_F(HttpSession, AllowsAnyOriginWhereAStarIsConfigured) {
  server.options.allowed_origins = {"*"};
  server.open();
  raw_client client(server.number());
  EXPECT_EQ(client.get("/", "Origin: https://a.test\r\n").header("Access-Control-Allow-Origin"),
            "*");
  EXPECT_EQ(client.get("/").header("Access-Control-Allow-Origin"), "");
}

TEST_F(HttpSession, PassesOnWhatAServiceNeedsToKnow) {
  http_request seen;
  server.http.answer = [&seen](const http_request& request) {
    seen = request;
    return http_response{};
  };
  server.open();
  raw_client client(server.number());
  client.get("/", "Authorization: Bearer t\r\nContent-Type: application/json\r\n");
  EXPECT_EQ(seen.authorization, "Bearer t");
  EXPECT_EQ(seen.content_type, "application/json");
  EXPECT_EQ(seen.remote_address, "127.0.0.1");
}

} // namespace
} // namespace tradepulse::web
