#pragma once

// Private to adapters/web.
#include <cstddef>
#include <functional>
#include <memory>

#include "adapters/web/net.hpp"

namespace tradepulse::web {

// Says FIN and reads what still comes until the peer has said so too: closing at once while bytes
// lie unread is a reset, and a reset takes our last words from the peer. Ends after 16 MB; the
// deadline is the caller's, who closes the socket. `done` comes from the event loop.
// Thread: the I/O thread of the socket, which lives as long as `owner`.
void say_goodbye(tcp_socket& socket, std::shared_ptr<void> owner, std::function<void()> done);

} // namespace tradepulse::web
