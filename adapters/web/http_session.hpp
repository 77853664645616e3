#pragma once

// Private to adapters/web.
#include <memory>
#include <string>

#include "adapters/web/connection_budget.hpp"
#include "adapters/web/net.hpp"
#include "adapters/web/station.hpp"

namespace tradepulse::web {

// Serves HTTP/1.1 on a socket that was just accepted, until it closes or becomes a WebSocket.
// `verdict`: other than admitted, its first request is answered by 503 and the connection ends.
// Thread: the station's.
void start_http(std::shared_ptr<station> home, tcp_socket socket, std::string remote_address,
                connection_budget::ticket place, connection_budget::verdict verdict);

} // namespace tradepulse::web
