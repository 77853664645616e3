#pragma once

// Private to adapters/web.
#include <memory>
#include <string>

#include "adapters/web/connection_budget.hpp"
#include "adapters/web/net.hpp"
#include "adapters/web/station.hpp"

namespace tradepulse::web {

// An upgrade request that was judged and is to be accepted.
struct accepted_upgrade {
  tcp_socket socket;
  connection_budget::ticket place;
  std::string remote_address;
  std::string target;
  std::string host;
  std::string key;         // Sec-WebSocket-Key
  std::string early_bytes; // what came behind the request
};

// Goes on with the connection as a WebSocket; the station takes it over.
void start_websocket(std::shared_ptr<station> home, accepted_upgrade upgrade);

} // namespace tradepulse::web
