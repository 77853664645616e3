#include "runtime/rest/services.hpp"

#include "adapters/prometheus/text_exposition.hpp"
#include "protocol/native_dialect.hpp"
#include "runtime/rest/bar_routes.hpp"
#include "runtime/rest/binance_klines.hpp"
#include "runtime/rest/missed_klines_routes.hpp"
#include "runtime/rest/missed_routes.hpp"
#include "runtime/rest/responses.hpp"
#include "runtime/rest/snapshot_routes.hpp"

namespace tradepulse {
namespace {

constexpr std::string_view snapshots = "/api/snapshots";
constexpr std::string_view missed = "/api/v1/events/missed";
constexpr std::string_view missed_of_klines = "/api/v1/klines/missed";
constexpr std::string_view bars = "/bars";
constexpr std::string_view binance_bars = "/api/v3/klines";
constexpr std::string_view not_restored = "stored symbols are not restored yet; see /ready";

http_response wrong_method(std::string_view allowed) {
  auto out = error_response(errc::method_not_allowed, "this route takes " + std::string(allowed));
  out.headers.emplace_back("Allow", std::string(allowed));
  return out;
}

// Takes the same time whatever the texts have in common.
bool same_secret(std::string_view a, std::string_view b) {
  unsigned difference = a.size() == b.size() ? 0 : 1;
  for (std::size_t i = 0; i < a.size(); ++i)
    difference |= static_cast<unsigned>(a[i] ^ (b.empty() ? '\0' : b[i % b.size()]));
  return difference == 0;
}

bool reads(const http_request& request) {
  return request.method == "GET" || request.method == "HEAD";
}

} // namespace

http_response rest_service::handle(const http_request& request) {
  if (request.path == "/health")
    return routed(reads(request) ? json_response(200, R"({"status":"ok"})")
                                 : wrong_method("GET, HEAD"),
                  "/health");
  if (request.path == "/ready")
    return routed(reads(request) ? ready_response(*parts_.ready) : wrong_method("GET, HEAD"),
                  "/ready");
  if (ops_)
    if (auto out = ops_route(request); out.route != "other")
      return out;
  if (data_)
    if (auto out = data_route(request); out.route != "other")
      return out;
  return error_response(errc::not_found, "there is no route " + request.path.substr(0, 100));
}

http_response rest_service::data_route(const http_request& request) const {
  const std::string_view path = request.path;
  if (path == "/api/stats")
    return routed(reads(request) ? json_response(200, parts_.stats()) : wrong_method("GET, HEAD"),
                  "/api/stats");
  if (path == missed)
    return routed(!reads(request) ? wrong_method("GET, HEAD")
                  : !parts_.ready->restored
                      ? error_response(errc::not_ready, not_restored)
                      : missed_events(*parts_.directory, *parts_.history, request.query),
                  missed);
  if (path == missed_of_klines)
    return routed(!reads(request) ? wrong_method("GET, HEAD")
                  : !parts_.ready->restored
                      ? error_response(errc::not_ready, not_restored)
                      : missed_klines({&parts_.bars, parts_.history, parts_.source}, request.query),
                  missed_of_klines);
  if (auto out = bar_route(request); out.route != "other")
    return out;
  if (path != snapshots && !path.starts_with("/api/snapshots/"))
    return {};
  if (!parts_.ready->restored)
    return routed(error_response(errc::not_ready, not_restored), snapshots);
  if (path == snapshots)
    return routed(reads(request) ? list_snapshots(*parts_.directory, request.query)
                                 : wrong_method("GET, HEAD"),
                  snapshots);
  const auto rest = path.substr(snapshots.size() + 1);
  // A symbol may be called "query": GET asks for it, POST is the question for many.
  if (rest == "query" && request.method == "POST")
    return routed(query_snapshots(*parts_.directory, request), "/api/snapshots/query");
  return routed(reads(request) ? get_snapshot(*parts_.directory, rest)
                               : wrong_method(rest == "query" ? "GET, HEAD, POST" : "GET, HEAD"),
                "/api/snapshots/{symbol}");
}

// The same with and without /api before.
http_response rest_service::bar_route(const http_request& request) const {
  std::string_view path = request.path;
  if (path == binance_bars)
    return routed(!reads(request)           ? wrong_method("GET, HEAD")
                  : !parts_.ready->restored ? binance_response(binance_error_of(
                                                  {errc::not_ready, std::string(not_restored)}))
                                            : binance_klines(parts_.bars, request.query),
                  binance_bars);
  if (path.starts_with("/api/bars"))
    path.remove_prefix(std::string_view("/api").size());
  if (!path.starts_with("/bars/"))
    return {};
  if (!reads(request))
    return routed(wrong_method("GET, HEAD"), bars);
  if (!parts_.ready->restored)
    return routed(error_response(errc::not_ready, not_restored), bars);
  return bars_route(parts_.bars, path.substr(bars.size()), request.query);
}

http_response rest_service::ops_route(const http_request& request) const {
  if (!parts_.metrics_path.empty() && request.path == parts_.metrics_path) {
    if (!reads(request))
      return routed(wrong_method("GET, HEAD"), "/metrics");
    http_response out;
    out.content_type = metrics::prometheus_content_type;
    out.body = metrics::to_prometheus_text(parts_.metrics->families());
    return routed(std::move(out), "/metrics");
  }
  if (request.path == "/admin" || request.path.starts_with("/admin/")) {
    if (parts_.admin_token.empty())
      return routed(error_response(errc::not_found, "no admin.token is configured"), "/admin");
    constexpr std::string_view scheme = "Bearer ";
    const std::string_view given = request.authorization;
    if (!given.starts_with(scheme) ||
        !same_secret(given.substr(scheme.size()), parts_.admin_token)) {
      auto out = error_response(errc::unauthorized, "a bearer token is needed (admin.token)");
      out.headers.emplace_back("WWW-Authenticate", "Bearer");
      return routed(std::move(out), "/admin");
    }
    if (request.path == "/admin/actors")
      return routed(reads(request) ? admin_actors(*parts_.directory, *parts_.board, request.query)
                                   : wrong_method("GET, HEAD"),
                    "/admin/actors");
    return routed(error_response(errc::not_found, "there is no such route under /admin"), "/admin");
  }
  return {};
}

http_response ready_response(const readiness& ready) {
  const auto answer = ready.ask();
  std::string body = R"({"status":")" + answer.status + R"(","reasons":{)";
  bool first = true;
  for (const auto& [key, why] : answer.reasons) {
    body += first ? "" : ",";
    first = false;
    native::append_json_string(body, key);
    body += ':';
    native::append_json_string(body, why);
  }
  auto out = json_response(answer.ready ? 200 : 503, body + "}}");
  if (!answer.ready)
    out.headers.emplace_back("Retry-After", "1");
  return out;
}

} // namespace tradepulse
