// Whatever bytes come, in whatever pieces, and however their sender leaves: the listener serves on,
// and every place comes back.
#include <gtest/gtest.h>

#include <random>

#include "tests/adapters/web/web_server.hpp"

namespace tradepulse::web {
namespace {

using namespace std::chrono_literals;
using testing::client_frame;
using testing::raw_client;
using testing::text_slice;
using testing::web_server;

constexpr int conversations = 600;

class mutation {
 public:
  explicit mutation(std::uint32_t seed) : random_(seed) {}

  std::size_t below(std::size_t bound) {
    return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random_);
  }
  std::string conversation() {
    if (below(2) == 0)
      return spoilt(requests(), 3);
    // Most upgrades are left as they are, or few frames would ever be read.
    return (below(8) == 0 ? spoilt(upgrade(), 1) : upgrade()) + spoilt(frames(), 2);
  }

 private:
  std::string requests() {
    static const std::vector<std::string> known{
        "GET /a?b=c HTTP/1.1\r\nHost: h\r\n\r\n",
        "HEAD / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
        "POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello\r\n",
        "POST /p HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi",
        "OPTIONS * HTTP/1.1\r\nHost: h\r\nOrigin: https://a.test\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nX-Folded: a\r\n b\r\n\r\n"};
    std::string out;
    for (std::size_t i = 0, count = 1 + below(4); i < count; ++i)
      out += known[below(known.size())];
    return out;
  }
  static std::string upgrade() {
    return "GET /ws HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
           "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
  }
  std::string frames() {
    static const std::vector<std::string> known{
        client_frame(0x81, "text"),
        client_frame(0x81, std::string(200, 't')),
        client_frame(0x81, std::string(66'000, 'T')),
        client_frame(0x01, "begun") + client_frame(0x89, "between") + client_frame(0x80, "ended"),
        client_frame(0x89, "ping"),
        client_frame(0x8a, ""),
        client_frame(0x82, "binary"),
        client_frame(0x88, "\x03\xe8"),
        client_frame(0x81, "\xc3\x28")};
    std::string out;
    for (std::size_t i = 0, count = 1 + below(8); i < count; ++i)
      out += known[below(known.size())];
    return out;
  }
  std::string spoilt(std::string bytes, std::size_t most_times) {
    for (std::size_t i = 0, count = below(most_times + 1); i < count && !bytes.empty(); ++i) {
      const std::size_t at = below(bytes.size());
      switch (below(4)) {
      case 0:
        bytes[at] = static_cast<char>(static_cast<unsigned char>(below(256)));
        break;
      case 1:
        bytes.erase(at, 1 + below(20));
        break;
      case 2:
        bytes.insert(at, bytes.substr(below(bytes.size()), 1 + below(50)));
        break;
      default:
        bytes.resize(at);
      }
    }
    return bytes;
  }

  std::mt19937 random_;
};

TEST(MutatedBytes, LeaveTheListenerAsItWas) {
  const std::uint32_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  RecordProperty("seed", std::to_string(seed));
  web_server server(2);
  server.options.budget = connection_budget::make(1000, 1000);
  server.options.limits.close_timeout = 100ms;
  server.options.limits.handshake_timeout = 2s;
  server.clients.opened_hook = [](testing::recorder& one) {
    one.text_hook = [](testing::recorder& self, std::string_view text) {
      self.out->push(text_slice(text));
      self.out->flush();
    };
  };
  server.open();
  mutation next(seed);
  for (int i = 0; i < conversations; ++i) {
    raw_client client(server.number());
    std::string bytes = next.conversation();
    while (!bytes.empty()) {
      const std::size_t piece = 1 + next.below(bytes.size());
      if (!client.try_send(std::string_view(bytes).substr(0, piece)))
        break;
      bytes.erase(0, piece);
    }
    switch (next.below(3)) {
    case 0:
      client.reset();
      break;
    case 1:
      client.finish_sending();
      EXPECT_TRUE(client.reaches_end());
      break;
    default: // leaves without a word
      break;
    }
  }
  {
    raw_client last(server.number()); // accepted, so all before it are as well
    EXPECT_EQ(last.get("/still?here").body, "GET /still here ");
    last.finish_sending();
    EXPECT_TRUE(last.reaches_end());
  }
  EXPECT_TRUE(server.port->wait_until_empty(testing::patience));
  EXPECT_EQ(server.options.budget->connections(), 0U);
  EXPECT_EQ(server.port->sessions(), 0U);
  raw_client good(server.number());
  EXPECT_EQ(good.get("/still?here").body, "GET /still here ");
  raw_client socket(server.number());
  socket.upgrade();
  socket.send_text("echo");
  EXPECT_EQ(socket.read_frame()->payload, "echo");
}

} // namespace
} // namespace tradepulse::web
