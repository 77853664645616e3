#include "adapters/web/linger.hpp"

#include <array>
#include <cerrno>

#include <sys/socket.h>

#include <boost/asio/post.hpp>

namespace tradepulse::web {
namespace {

// Many clients send a whole body before they look for an answer: with 1 MB, a POST that was a
// little too large saw a reset instead of its 413.
constexpr std::size_t most_bytes = 16 * 1024 * 1024;

struct goodbye {
  tcp_socket& socket;
  std::shared_ptr<void> owner;
  std::function<void()> done;
  std::size_t bytes_left = most_bytes;
};

enum class progress { waiting, over };

progress discard(goodbye& state) {
  std::array<char, 8192> scratch;
  // A bounded number of reads: other connections of the thread want their turn.
  for (int i = 0; i < 16; ++i) {
    const ssize_t got =
        ::recv(state.socket.native_handle(), scratch.data(), scratch.size(), MSG_DONTWAIT);
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return errno == EAGAIN || errno == EWOULDBLOCK ? progress::waiting : progress::over;
    if (got == 0 || static_cast<std::size_t>(got) >= state.bytes_left)
      return progress::over;
    state.bytes_left -= static_cast<std::size_t>(got);
  }
  return progress::waiting;
}

void wait_for_more(std::shared_ptr<goodbye> state) {
  auto& socket = state->socket;
  socket.async_wait(tcp_socket::wait_read, [state = std::move(state)](error_code failed) {
    if (failed || !state->socket.is_open() || discard(*state) == progress::over)
      state->done();
    else
      wait_for_more(state);
  });
}

} // namespace

void say_goodbye(tcp_socket& socket, std::shared_ptr<void> owner, std::function<void()> done) {
  error_code failed;
  socket.shutdown(net::socket_base::shutdown_send, failed);
  if (failed)
    net::post(socket.get_executor(),
              [owner = std::move(owner), done = std::move(done)] { done(); });
  else
    wait_for_more(
        std::make_shared<goodbye>(goodbye{socket, std::move(owner), std::move(done), most_bytes}));
}

} // namespace tradepulse::web
