#pragma once

// Private to adapters/web.
#include <span>

#include <boost/asio/basic_socket_acceptor.hpp>

#include "adapters/web/net.hpp"

namespace tradepulse::web {

using listening_socket = net::basic_socket_acceptor<net::ip::tcp, executor>;

// Listens on the first of a host's addresses that this machine has: `localhost` is ::1 before it is
// 127.0.0.1, also where IPv6 is switched off. An address that is ours and taken is an error, or a
// client would reach whoever has it. Returns why not; of several reasons the first.
error_code listen_on_one(listening_socket& socket, std::span<const net::ip::tcp::endpoint> of);

} // namespace tradepulse::web
