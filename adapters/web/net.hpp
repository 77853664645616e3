#pragma once

// Private to adapters/web: what every file of it needs of Asio. One concrete executor instead of
// any_io_executor: smaller sockets and handlers, and no bad_executor.
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <chrono>

namespace tradepulse::web {

namespace net = boost::asio;
using error_code = boost::system::error_code;
using executor = net::io_context::executor_type;
using tcp_socket = net::basic_stream_socket<net::ip::tcp, executor>;
using steady_clock = std::chrono::steady_clock;
using time_point = steady_clock::time_point;
using wait_timer =
    net::basic_waitable_timer<steady_clock, net::wait_traits<steady_clock>, executor>;

} // namespace tradepulse::web
