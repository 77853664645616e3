#include "adapters/web/http_answers.hpp"

#include <algorithm>
#include <exception>

#include "protocol/log.hpp"
#include "protocol/native_dialect.hpp"

namespace tradepulse::web {
namespace {

constexpr std::string_view own_route = "refused"; // of answers that no service was asked for

http_response error_response(int status, errc code, std::string_view message,
                             std::string_view route = own_route) {
  http_response out;
  out.status = status;
  native::append_rest_error(out.body, code, message);
  out.route = route;
  return out;
}

bool is_websocket_path(const listener_state& listener, std::string_view path) {
  const auto& paths = listener.options.websocket_paths;
  return std::find(paths.begin(), paths.end(), path) != paths.end();
}

// A request without Origin is not a browser's.
bool foreign(std::string_view origin, const listener_state& listener) {
  return !origin.empty() && !listener.origins.allows(origin);
}

http_response preflight(std::string_view origin, const listener_state& listener) {
  if (foreign(origin, listener))
    return error_response(403, errc::forbidden, "this origin is not allowed");
  http_response out;
  out.status = 204;
  out.route = "preflight";
  out.headers.emplace_back("Allow", "GET, HEAD, POST, OPTIONS");
  if (!origin.empty())
    for (auto& field : origin_policy::preflight_headers())
      out.headers.push_back(std::move(field));
  return out;
}

http_response ask(http_service& service, const http_request& request) {
  http_response out;
  return goes_well([&] { out = service.handle(request); }) ? std::move(out) : answer_to_fault();
}

http_response refuse_upgrade(listener_state& listener, refusal why, int status, errc code,
                             std::string_view message) {
  listener.metrics.refused(why).add();
  return error_response(status, code, message, "upgrade");
}

} // namespace

http_response answer_to(const refused_request& refused) {
  return error_response(refused.status, refused.code, refused.message);
}

bool goes_well(const std::function<void()>& call) {
  try {
    call();
    return true;
  } catch (const std::exception& e) {
    log::error("http_service_failed", {{"what", e.what()}});
  } catch (...) {
    log::error("http_service_failed", {{"what", "not a std::exception"}});
  }
  return false;
}

http_response answer_to_fault() {
  return error_response(500, errc::internal, "a fault of the server");
}

http_response answer_without_a_place(connection_budget::verdict verdict) {
  auto out = error_response(http_status(errc::too_many_connections), errc::too_many_connections,
                            verdict == connection_budget::verdict::full
                                ? "all connections are taken"
                                : "too many connections from this address");
  out.headers.emplace_back("Retry-After", "5");
  return out;
}

http_response answer_to(const request_view& request, std::string body,
                        const std::string& remote_address, const listener_state& listener) {
  if (request.asks_for_rules)
    return preflight(request.origin, listener);
  const auto target = split(request.target);
  if (listener.options.http == nullptr)
    return is_websocket_path(listener, target.path)
               ? error_response(426, errc::bad_request, "only WebSocket is spoken here")
               : error_response(404, errc::not_found, "there is no such route");
  http_request asked;
  asked.method = request.head_only ? "GET" : request.method; // its body stays here
  asked.path = target.path;
  asked.query = target.query;
  asked.authorization = request.authorization;
  asked.content_type = request.content_type;
  asked.body = std::move(body);
  asked.remote_address = remote_address;
  return ask(*listener.options.http, asked);
}

std::optional<http_response> refusal_of_upgrade(const request_view& request,
                                                listener_state& listener) {
  if (const auto& wrong = request.wrong_upgrade) {
    auto out =
        refuse_upgrade(listener, refusal::bad_request, wrong->status, wrong->code, wrong->message);
    if (wrong->status == 426)
      out.headers.emplace_back("Sec-WebSocket-Version", "13");
    return out;
  }
  if (listener.options.clients == nullptr ||
      !is_websocket_path(listener, split(request.target).path))
    return refuse_upgrade(listener, refusal::path, 404, errc::not_found,
                          "no WebSocket at this path");
  if (foreign(request.origin, listener))
    return refuse_upgrade(listener, refusal::origin, 403, errc::forbidden,
                          "this origin is not allowed");
  if (listener.draining) {
    auto out = refuse_upgrade(listener, refusal::draining, 503, errc::not_ready,
                              "this server is stopping");
    out.headers.emplace_back("Retry-After", "1");
    return out;
  }
  return std::nullopt;
}

split_target split(std::string_view target) noexcept {
  if (!target.starts_with('/') && target != "*") {
    const auto scheme = target.find("://");
    const auto path = target.find('/', scheme == std::string_view::npos ? 0 : scheme + 3);
    const auto query = target.find('?');
    target.remove_prefix(std::min({path, query, target.size()}));
  }
  const auto mark = std::min(target.find('?'), target.size());
  const std::string_view path = target.substr(0, mark);
  return {path.empty() ? std::string_view("/") : path,
          target.substr(std::min(mark + 1, target.size()))};
}

} // namespace tradepulse::web
