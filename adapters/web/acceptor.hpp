#pragma once

// Private to adapters/web.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "adapters/web/give_way.hpp"
#include "adapters/web/listening_socket.hpp"
#include "adapters/web/net.hpp"
#include "adapters/web/station.hpp"
#include "protocol/result.hpp"

namespace tradepulse::web {

using station_list = std::vector<std::shared_ptr<station>>;

// Takes connections from an open port and hands each to the next station, with a place of the
// budget or the reason why there is none. Without descriptors it waits and goes on by itself; it
// rests between two where cores are short (give_way).
// Thread: the I/O thread of the first station, but for open() and port().
class acceptor : public std::enable_shared_from_this<acceptor> {
 public:
  // Errors: io, naming host and port (taken, not ours, no such host). Requires: a station.
  static result<std::shared_ptr<acceptor>> open(std::shared_ptr<listener_state> listener,
                                                station_list stations);

  std::uint16_t port() const noexcept { return port_; }
  void accept();
  // What was handed over before is with its station's thread by then.
  void close();

 private:
  acceptor(std::shared_ptr<listener_state> listener, station_list stations);
  result<void> bind();
  void accepted(error_code failed, tcp_socket socket, const std::shared_ptr<station>& home);
  void admit(tcp_socket socket, const std::shared_ptr<station>& home);
  void take();
  void wait(std::chrono::nanoseconds time, void (acceptor::*then)());
  void pause(const error_code& why);

  const std::shared_ptr<listener_state> listener_;
  const station_list stations_;
  listening_socket socket_;
  wait_timer timer_;
  give_way way_;
  std::size_t next_station_ = 0;
  bool short_of_resources_ = false;
  std::uint16_t port_ = 0;
};

} // namespace tradepulse::web
