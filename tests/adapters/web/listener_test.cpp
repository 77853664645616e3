// Ports, limits of connections, draining, and the threads below.
#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <set>
#include <thread>

#include "tests/adapters/web/web_server.hpp"

namespace tradepulse::web {
namespace {

using namespace std::chrono_literals;
using testing::raw_client;
using testing::web_server;

TEST(IoPool, RunsTasksOfAThreadInTheirOrder) {
  io_pool pool(2);
  std::vector<int> order; // the thread's
  for (int i = 0; i < 1000; ++i)
    pool.thread(1).post([&order, i] { order.push_back(i); });
  testing::on_thread(pool.thread(1), [] {});
  ASSERT_EQ(order.size(), 1000U);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST(IoPool, RunsEachThreadsTasksOnThatThread) {
  io_pool pool(2);
  const auto id = [] { return std::this_thread::get_id(); };
  const auto first = testing::on_thread(pool.thread(0), id);
  EXPECT_EQ(testing::on_thread(pool.thread(0), id), first);
  EXPECT_NE(testing::on_thread(pool.thread(1), id), first);
}

TEST(IoPool, GoesOnAfterATaskThatThrows) {
  io_pool pool(1);
  pool.thread(0).post([] { throw std::runtime_error("boom"); });
  pool.thread(0).post([] { throw 1; });
  EXPECT_EQ(testing::on_thread(pool.thread(0), [] { return 7; }), 7);
}

TEST(IoPool, MayBePostedToByItsOwnTasks) {
  io_pool pool(1);
  std::promise<int> done;
  pool.thread(0).post([&] { pool.thread(0).post([&] { done.set_value(3); }); });
  EXPECT_EQ(done.get_future().get(), 3);
}

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

TEST(Listener, RefusesConnectionsBeyondItsBudgetWithAnAnswer) {
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

TEST(Listener, RefusesConnectionsBeyondTheBudgetOfTheirAddress) {
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

TEST(Listener, SharesABudgetWithAnother) {
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
