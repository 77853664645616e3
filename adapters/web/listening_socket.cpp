#include "adapters/web/listening_socket.hpp"

#include <cerrno>

namespace tradepulse::web {
namespace {

error_code listen_on(listening_socket& socket, const net::ip::tcp::endpoint& endpoint) {
  error_code failed;
  socket.open(endpoint.protocol(), failed);
  if (!failed)
    socket.set_option(net::socket_base::reuse_address(true), failed);
  if (!failed)
    socket.bind(endpoint, failed);
  if (!failed)
    socket.listen(net::socket_base::max_listen_connections, failed);
  return failed;
}

bool not_of_this_machine(const error_code& failed) {
  return failed.value() == EADDRNOTAVAIL || failed.value() == EAFNOSUPPORT;
}

} // namespace

error_code listen_on_one(listening_socket& socket, std::span<const net::ip::tcp::endpoint> of) {
  error_code first = net::error::make_error_code(net::error::host_not_found);
  for (const auto& endpoint : of) {
    const auto failed = listen_on(socket, endpoint);
    if (!failed)
      return {};
    error_code ignored;
    socket.close(ignored);
    if (&endpoint == &of.front())
      first = failed;
    if (!not_of_this_machine(failed))
      return failed;
  }
  return first;
}

} // namespace tradepulse::web
