// Answers that come later, from another thread or never.
#include <gtest/gtest.h>

#include <deque>
#include <thread>

#include "tests/adapters/web/web_server.hpp"

namespace tradepulse::web {
namespace {

using namespace std::chrono_literals;
using testing::eventually;
using testing::raw_client;
using testing::web_server;

http_response text(std::string body) {
  http_response out;
  out.body = std::move(body);
  out.content_type = "text/plain";
  out.route = "/later";
  return out;
}

// The service keeps what gives the answers; the path "/now" is answered at once.
class LaterAnswer : public ::testing::Test {
 protected:
  LaterAnswer() {
    server.http.answer = [this](const http_request& request) {
      if (request.path == "/now")
        return text("now");
      http_response out;
      out.later = [this, path = request.path](http_answer answer) {
        std::lock_guard lock(mutex);
        asked.push_back(path);
        waiting.push_back(std::move(answer));
        changed.notify_all();
      };
      return out;
    };
  }

  // The answer of the n-th question, once it was asked; it is the only copy.
  http_answer next(std::size_t index = 0) {
    std::unique_lock lock(mutex);
    if (!changed.wait_for(lock, testing::patience, [&] { return waiting.size() > index; }))
      throw std::runtime_error("nobody asked");
    return std::exchange(waiting[index], nullptr);
  }
  std::string path_of(std::size_t index) {
    std::lock_guard lock(mutex);
    return asked[index];
  }
  std::size_t questions() {
    std::lock_guard lock(mutex);
    return asked.size();
  }

  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::string> asked;
  std::vector<http_answer> waiting;
  web_server server; // first to go: its threads use what is above
};

constexpr const char* get_1 = "GET /1 HTTP/1.1\r\nHost: h\r\n\r\n";

TEST_F(LaterAnswer, GoesOutWhenItIsGivenAndTheConnectionIsKept) {
  server.open();
  raw_client client(server.number());
  client.send(get_1);
  next()(text("later"));
  const auto answer = client.read_answer();
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "later");
  EXPECT_EQ(answer.header("Connection"), "keep-alive");
  EXPECT_EQ(client.get("/now").body, "now");
  EXPECT_TRUE(eventually([&] {
    return server.counter("tradepulse_http_requests_total",
                          {{"route", "/later"}, {"status", "200"}}) == 2;
  }));
}

TEST_F(LaterAnswer, MayBeGivenAtOnceAndFromAnyThread) {
  server.http.answer = [](const http_request&) {
    http_response out;
    out.later = [](const http_answer& answer) { answer(text("at once")); };
    return out;
  };
  server.open();
  raw_client client(server.number());
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(client.get("/").body, "at once");
}

// Behind one that waits, the answers of pipelined requests keep their order, and the service is not
// asked ahead.
TEST_F(LaterAnswer, HoldsBackWhatWasPipelinedBehindIt) {
  server.open();
  raw_client client(server.number());
  client.send(std::string(get_1) + "GET /now HTTP/1.1\r\nHost: h\r\n\r\n" +
              "GET /3 HTTP/1.1\r\nHost: h\r\n\r\n");
  auto first = next();
  server.io([] {});
  EXPECT_EQ(questions(), 1U);
  first(text("one"));
  EXPECT_EQ(client.read_answer().body, "one");
  EXPECT_EQ(client.read_answer().body, "now");
  next(1)(text("three"));
  EXPECT_EQ(client.read_answer().body, "three");
}

TEST_F(LaterAnswer, HasNoBodyForAHead) {
  server.open();
  raw_client client(server.number());
  client.send("HEAD /1 HTTP/1.1\r\nHost: h\r\n\r\n");
  next()(text("later"));
  const auto answer = client.read_answer(true);
  EXPECT_EQ(answer.header("Content-Length"), "5");
  EXPECT_EQ(client.get("/now").body, "now");
}

TEST_F(LaterAnswer, ClosesWhereTheClientAskedForThat) {
  server.open();
  raw_client client(server.number());
  client.send("GET /1 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  next()(text("later"));
  EXPECT_EQ(client.read_answer().header("Connection"), "close");
  EXPECT_TRUE(client.reaches_end());
}

TEST_F(LaterAnswer, MayComeInSlices) {
  server.open();
  raw_client client(server.number());
  client.send(get_1);
  auto sliced = text("first ");
  sliced.more = [](std::string& out) {
    out = "second";
    return false;
  };
  next()(std::move(sliced));
  const auto answer = client.read_answer();
  EXPECT_EQ(answer.body, "first second");
  EXPECT_EQ(answer.chunks, 2);
}

TEST_F(LaterAnswer, CountsOnceHoweverOftenItIsGiven) {
  server.open();
  raw_client client(server.number());
  client.send(get_1);
  const auto answer = next();
  answer(text("first"));
  answer(text("second"));
  EXPECT_EQ(client.read_answer().body, "first");
  EXPECT_EQ(client.get("/now").body, "now"); // nothing was left between the two
}

TEST_F(LaterAnswer, IsAFaultOfTheServerWhereNobodyGivesIt) {
  server.open();
  raw_client client(server.number());
  client.send(get_1);
  next() = nullptr;
  const auto answer = client.read_answer();
  EXPECT_EQ(answer.status, 500);
  EXPECT_NE(answer.body.find("\"internal\""), std::string::npos);
  EXPECT_EQ(client.get("/now").body, "now");
}

TEST_F(LaterAnswer, IsAFaultOfTheServerWhereTheServiceThrows) {
  server.http.answer = [](const http_request&) {
    http_response out;
    out.later = [](const http_answer&) { throw std::runtime_error("no"); };
    return out;
  };
  server.open();
  raw_client client(server.number());
  EXPECT_EQ(client.get("/1").status, 500);
}

// Each deadline of a connection is shorter than this answer takes. On a machine that is busy the
// first of them may end a client before its request has come: the next one tries.
TEST_F(LaterAnswer, IsWaitedForLongerThanAnyDeadlineOfTheConnection) {
  server.options.limits.handshake_timeout = 100ms;
  server.options.limits.keep_alive_timeout = 100ms;
  server.options.limits.write_timeout = 100ms;
  server.open();
  std::deque<raw_client> clients;
  while (questions() == 0) {
    const auto path = "/" + std::to_string(clients.size());
    clients.emplace_back(server.number()).try_send("GET " + path + " HTTP/1.1\r\nHost: h\r\n\r\n");
    std::unique_lock lock(mutex);
    changed.wait_for(lock, 1s, [&] { return !asked.empty(); });
  }
  auto& client = clients.at(std::stoul(path_of(0).substr(1)));
  const auto answer = next();
  raw_client idle(server.number()); // came later, and has the same deadlines
  EXPECT_TRUE(idle.reaches_end());
  answer(text("later"));
  EXPECT_EQ(client.read_answer().body, "later");
}

TEST_F(LaterAnswer, IsDroppedWhereTheClientHasGone) {
  server.open();
  {
    raw_client client(server.number());
    client.send(get_1);
    next()(text("for nobody")); // may be written before the client goes
    client.reset();
  }
  raw_client other(server.number());
  other.send(get_1);
  const auto answer = next(1);
  other.reset();
  answer(text("for nobody"));
  EXPECT_TRUE(eventually([&] { return server.port->sessions() == 0; }));
  EXPECT_EQ(raw_client(server.number()).get("/now").body, "now");
}

TEST_F(LaterAnswer, IsTheLastOfAConnectionThatDrains) {
  server.open();
  raw_client client(server.number());
  client.send(get_1);
  const auto answer = next();
  server.port->close_all(close_code::service_restart, [] { return std::string(); });
  server.io([] {});
  EXPECT_FALSE(server.port->wait_until_empty(0ms)); // it waits for its answer
  answer(text("the last"));
  const auto last = client.read_answer();
  EXPECT_EQ(last.body, "the last");
  EXPECT_EQ(last.header("Connection"), "close");
  EXPECT_TRUE(client.reaches_end());
  EXPECT_TRUE(server.port->wait_until_empty(testing::patience));
}

TEST_F(LaterAnswer, MayComeAfterTheListenerHasGone) {
  server.open();
  raw_client client(server.number());
  client.send(get_1);
  const auto answer = next();
  server.port.reset();
  EXPECT_TRUE(client.reaches_end());
  answer(text("for nobody"));
  server.io([] {});
}

TEST_F(LaterAnswer, MayComeAfterTheThreadsHaveStopped) {
  server.open();
  raw_client client(server.number());
  client.send(get_1);
  const auto answer = next();
  server.port.reset();
  server.pool.stop();
  answer(text("for nobody"));
}

TEST_F(LaterAnswer, OfManyConnectionsComesToEachItsOwnFromAnotherThread) {
  server.open();
  constexpr std::size_t count = 50;
  std::vector<std::unique_ptr<raw_client>> clients;
  for (std::size_t i = 0; i < count; ++i) {
    clients.push_back(std::make_unique<raw_client>(server.number()));
    clients.back()->send("GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: h\r\n\r\n");
  }
  auto last = next(count - 1); // all have asked
  last(text(path_of(count - 1)));
  std::thread giver([this] {
    for (std::size_t i = count - 1; i-- > 0;)
      next(i)(text(path_of(i)));
  });
  giver.join();
  for (std::size_t i = 0; i < count; ++i)
    EXPECT_EQ(clients[i]->read_answer().body, "/" + std::to_string(i));
}

} // namespace
} // namespace tradepulse::web
