#pragma once

// Private to adapters/web.
#include <functional>

#include "protocol/ports/client_connection.hpp"
#include "protocol/ports/http_service.hpp"

namespace tradepulse::web {

// Calls `later` with an answer that may be given from any thread: `take` gets it on the I/O thread,
// once, and never within this call. A fault of the service's is a 500, and so is an answer that
// nobody gave.
// Requires: `home` outlives every copy of that answer.
// Thread: that of `home`.
void ask_later(const std::function<void(http_answer)>& later, io_thread& home,
               std::function<void(http_response&&)> take);

} // namespace tradepulse::web
