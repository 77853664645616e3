// Which of a host's addresses is listened on.
#include <gtest/gtest.h>

#include <array>

#include "adapters/web/listening_socket.hpp"

namespace tradepulse::web {
namespace {

using endpoint = net::ip::tcp::endpoint;

class ListeningSocket : public ::testing::Test {
 protected:
  static endpoint at(const char* address, std::uint16_t port = 0) {
    return {net::ip::make_address(address), port};
  }

  net::io_context context;
  listening_socket socket{context.get_executor()};
  const endpoint not_ours = at("198.51.100.1"); // of a range kept for documentation
  const endpoint ours = at("127.0.0.1");
};

TEST_F(ListeningSocket, PassesOverAnAddressThatThisMachineDoesNotHave) {
  const std::array both{not_ours, ours};
  EXPECT_FALSE(listen_on_one(socket, both));
  EXPECT_EQ(socket.local_endpoint().address().to_string(), "127.0.0.1");
}

TEST_F(ListeningSocket, DoesNotPassOverOneThatIsTaken) {
  listening_socket other{context.get_executor()};
  ASSERT_FALSE(listen_on_one(other, std::array{ours}));
  const std::array taken_first{other.local_endpoint(), at("127.0.0.2")};
  EXPECT_EQ(listen_on_one(socket, taken_first), net::error::address_in_use);
  EXPECT_FALSE(socket.is_open());
}

TEST_F(ListeningSocket, SaysWhyTheFirstOneCouldNotBe) {
  const std::array none{not_ours, at("203.0.113.1")};
  EXPECT_EQ(listen_on_one(socket, none).value(), EADDRNOTAVAIL);
  EXPECT_EQ(listen_on_one(socket, {}), net::error::host_not_found);
}

} // namespace
} // namespace tradepulse::web
