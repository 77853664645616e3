#include "runtime/rest/responses.hpp"

#include <utility>

#include "protocol/native_dialect.hpp"

namespace tradepulse {

http_response json_response(int status, std::string body) {
  http_response out;
  out.status = status;
  out.body = std::move(body);
  return out;
}

http_response error_response(errc code, std::string_view message) {
  std::string body;
  native::append_rest_error(body, code, message);
  auto out = json_response(http_status(code), std::move(body));
  if (retryable(code))
    out.headers.emplace_back("Retry-After", "1");
  return out;
}

http_response routed(http_response out, std::string_view route) {
  out.route = route;
  return out;
}

http_response refused(const error& why, std::string_view route) {
  return routed(error_response(why.code, why.detail), route);
}

error held_elsewhere(const symbol& name) {
  return {errc::not_owner,
          "symbol " + name.str() + " belongs to a partition that this node does not hold"};
}

} // namespace tradepulse
