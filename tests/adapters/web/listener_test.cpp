// Ports, and what is served on them.
#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <set>

#include "tests/adapters/web/web_server.hpp"

namespace tradepulse::web {
namespace {

using testing::raw_client;
using testing::web_server;

TEST(Listener, NamesAPortThatIsTaken) {
  web_server server;
  server.open();
  listener_options second = server.options;
  second.port = server.number();
  const auto refused = listener::open(server.pool, second, server.registry);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.failure().code, errc::io);
  EXPECT_EQ(refused.failure().detail,
            "cannot listen on 127.0.0.1:" + std::to_string(server.number()) +
                ": Address already in use");
}

TEST(Listener, NamesAHostThatIsNotOurs) {
  web_server server;
  server.options.host = "192.0.2.1"; // of a range kept for documentation
  const auto refused = listener::open(server.pool, server.options, server.registry);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.failure().detail.find("cannot listen on 192.0.2.1:0: "), 0U);
}

TEST(Listener, TakesItsPortAgainAtOnce) {
  web_server server;
  server.open();
  server.options.port = server.number();
  raw_client client(server.number());
  EXPECT_EQ(client.get("/").status, 200);
  server.port.reset();
  server.open();
  raw_client again(server.number());
  EXPECT_EQ(again.get("/").status, 200);
}

TEST(Listener, SpreadsConnectionsOverItsThreads) {
  web_server server(2);
  server.open();
  std::vector<std::unique_ptr<raw_client>> all;
  std::set<std::size_t> threads;
  for (std::size_t i = 0; i < 4; ++i) {
    all.push_back(std::make_unique<raw_client>(server.number()));
    all.back()->upgrade();
    threads.insert(server.clients.connection(i)->info.io_thread);
  }
  EXPECT_EQ(threads, (std::set<std::size_t>{0, 1}));
}

TEST(Listener, ServesAPathWithoutWebSocketWhereItHasNoClients) {
  web_server server;
  server.options.clients = nullptr;
  server.open();
  raw_client client(server.number());
  EXPECT_EQ(client.get("/metrics").status, 200);
  EXPECT_THROW(raw_client(server.number()).upgrade("/ws"), std::runtime_error);
}

TEST(Listener, SaysWhatIsSpokenWhereItHasNoHttp) {
  web_server server;
  server.options.http = nullptr;
  server.open();
  raw_client client(server.number());
  EXPECT_EQ(client.get("/ws").status, 426);
  EXPECT_EQ(client.get("/other").status, 404);
}

TEST(Listener, WaitsWithoutDescriptorsAndGoesOn) {
  web_server server;
  server.open();
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit few = before;
  few.rlim_cur = 256;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  std::vector<int> taken;
  for (int one = 0; (one = ::open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0;)
    taken.push_back(one);
  ::close(taken.back()); // one for the client
  taken.pop_back();
  raw_client client(server.number());
  client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_TRUE(testing::eventually(
      [&] { return server.counter("tradepulse_web_accept_pauses_total") >= 2; }));
  for (const int one : taken)
    ::close(one);
  EXPECT_EQ(client.read_answer().status, 200);
  ::setrlimit(RLIMIT_NOFILE, &before);
}

} // namespace
} // namespace tradepulse::web
