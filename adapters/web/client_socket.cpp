#include "adapters/web/client_socket.hpp"

#include <array>
#include <cerrno>

#include <sys/socket.h>

namespace tradepulse::web {
namespace {

constexpr std::size_t most_pieces = 64;
// Up to here a copy and one send() is as good as sendmsg() of the pieces, or better (measured).
constexpr std::size_t copy_bytes = 16 * 1024;
// Teardown's error paths may leave a socket blocking, and a peer may be gone: never without these.
constexpr int send_flags = MSG_DONTWAIT | MSG_NOSIGNAL;

ssize_t send_pieces(int descriptor, const write_queue& queue, std::size_t& attempted) {
  std::array<iovec, most_pieces> room{};
  const auto pieces = queue.gather(room);
  attempted = 0;
  for (const auto& piece : pieces)
    attempted += piece.iov_len;
  if (pieces.size() == 1)
    return ::send(descriptor, pieces[0].iov_base, attempted, send_flags);
  if (attempted < copy_bytes) {
    thread_local std::array<char, copy_bytes> joined;
    attempted = queue.copy(joined);
    return ::send(descriptor, joined.data(), attempted, send_flags);
  }
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(pieces.data());
  message.msg_iovlen = pieces.size();
  return ::sendmsg(descriptor, &message, send_flags);
}

} // namespace

void client_socket::began() {
  if (queue_.empty())
    last_progress_ = steady_clock::now();
}

void client_socket::append(frame_slice frames) {
  began();
  queue_.append(std::move(frames));
}

void client_socket::insert_urgent(std::shared_ptr<const std::string> frame) {
  began();
  queue_.insert_urgent(std::move(frame));
}

void client_socket::flush() {
  if (dead_ || waiting_ || queue_.empty())
    return;
  while (!queue_.empty() && write_once()) {
  }
  if (!dead_)
    owner_.on_written(false);
}

// False where the kernel takes no more, or never will again.
bool client_socket::write_once() {
  std::size_t attempted = 0;
  ssize_t sent = 0;
  do {
    metrics_.send_calls.add();
    sent = send_pieces(socket_.native_handle(), queue_, attempted);
  } while (sent < 0 && errno == EINTR);
  if (sent < 0) {
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
      wait_writable();
    } else {
      stop_writing();
      owner_.on_write_failed();
    }
    return false;
  }
  const auto written = static_cast<std::size_t>(sent);
  metrics_.sent_bytes.add(written);
  queue_.consume(written);
  last_progress_ = steady_clock::now();
  if (written == attempted)
    return true;
  wait_writable();
  return false;
}

void client_socket::wait_writable() {
  waiting_ = true;
  socket_.async_wait(tcp_socket::wait_write, [this, kept = owner_.keep_alive()](error_code failed) {
    on_writable(failed);
  });
}

void client_socket::on_writable(error_code failed) {
  waiting_ = false;
  if (dead_)
    return;
  if (failed) {
    stop_writing();
    owner_.on_write_failed();
    return;
  }
  while (!queue_.empty() && write_once()) {
  }
  if (!dead_)
    owner_.on_written(true);
}

void client_socket::stop_writing() noexcept {
  dead_ = true;
  queue_.clear();
}

void client_socket::close(bool hard) noexcept {
  stop_writing();
  error_code ignored;
  if (hard && socket_.is_open())
    socket_.set_option(net::socket_base::linger(true, 0), ignored);
  socket_.close(ignored);
}

} // namespace tradepulse::web
