#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "protocol/error_codes.hpp"
#include "protocol/identifiers.hpp"
#include "protocol/since_point.hpp"
#include "protocol/stream_kind.hpp"

// What a client of the native dialect says, after parsing. `id` is the JSON text of the member
// `id` as it was sent (a string with its quotes, a number, null), so that it can be echoed; empty
// where absent.
namespace tradepulse {

// A member of a request that cannot be served: answered by an `error` that names it, while the
// rest of the request is served.
struct refused_member {
  errc code;
  std::string detail;
};

struct subscribe_request {
  std::string id;
  std::vector<symbol> symbols;         // without doubles, in the order of the request
  std::vector<stream_kind> streams;    // at least one unless all were refused
  std::vector<refused_member> refused; // bad symbols, unknown streams, `delivery`
  // What the client has of each of them already: as many as symbols times streams (of a symbol in
  // the order of the streams), or none.
  std::vector<std::optional<since_point>> since = {};
};
struct unsubscribe_request {
  std::string id;
  std::vector<symbol> symbols;
  std::vector<stream_kind> streams;
  std::vector<refused_member> refused;
};
struct list_request {
  std::string id;
};
struct pong_message {};
// The client asks for life signs itself: {"type":"ping"} is answered by {"type":"pong"}.
struct ping_message {
  std::string id;
};
// Not usable as a whole.
struct invalid_request {
  std::string id;
  errc code;
  std::string detail;
};

using client_message = std::variant<subscribe_request, unsubscribe_request, list_request,
                                    pong_message, ping_message, invalid_request>;

} // namespace tradepulse
