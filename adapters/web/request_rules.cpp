#include "adapters/web/request_rules.hpp"

#include <algorithm>
#include <charconv>

namespace tradepulse::web {
namespace {

namespace http = boost::beast::http;

std::string_view view(boost::beast::string_view text) noexcept {
  return {text.data(), text.size()};
}

bool same_token(std::string_view a, std::string_view b) noexcept {
  // Not beast::iequals: that of 1.81 reads one character behind the end.
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : int{c}; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

// Whether a comma-separated list, over all fields of that name, has the token.
bool has_token(const beast_request& head, http::field name, std::string_view token) {
  const auto fields = head.equal_range(name);
  for (auto field = fields.first; field != fields.second; ++field) {
    std::string_view rest = view(field->value());
    while (!rest.empty()) {
      const auto comma = std::min(rest.find(','), rest.size());
      std::string_view item = rest.substr(0, comma);
      rest.remove_prefix(std::min(comma + 1, rest.size()));
      while (!item.empty() && (item.front() == ' ' || item.front() == '\t'))
        item.remove_prefix(1);
      while (!item.empty() && (item.back() == ' ' || item.back() == '\t'))
        item.remove_suffix(1);
      if (same_token(item, token))
        return true;
    }
  }
  return false;
}

bool has_body(const beast_request& head) {
  const auto length = view(head[http::field::content_length]);
  return length.find_first_not_of('0') != std::string_view::npos;
}

bool is_key(std::string_view key) noexcept {
  // 16 bytes in base64.
  const auto base64 = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '/';
  };
  return key.size() == 24 && key.ends_with("==") && std::all_of(key.begin(), key.end() - 2, base64);
}

refused_request bad(std::string message) {
  return {400, errc::bad_request, std::move(message)};
}

} // namespace

std::optional<refused_request> judge_head(const beast_request& head, std::size_t target_bytes) {
  if (head.target().size() > target_bytes)
    return refused_request{414, errc::too_large,
                           "target of " + std::to_string(head.target().size()) +
                               " bytes, at most " + std::to_string(target_bytes)};
  if (head.count(http::field::transfer_encoding) != 0)
    return bad("Transfer-Encoding is not accepted: send the body with Content-Length");
  const auto hosts = head.count(http::field::host);
  if (hosts > 1)
    return bad("more than one Host");
  if (hosts == 0 && head.version() >= 11)
    return bad("no Host");
  if (head.count(http::field::content_length) > 1)
    return bad("more than one Content-Length");
  const auto method = head.method();
  if (method != http::verb::post && method != http::verb::put && method != http::verb::patch &&
      has_body(head))
    return bad("a body with the method " + std::string(view(head.method_string())));
  return std::nullopt;
}

bool expects_go_on(const beast_request& head) {
  // An old client does not know the word, and would take the line for its answer.
  return head.version() >= 11 && same_token(view(head[http::field::expect]), "100-continue");
}

bool asks_for_websocket(const beast_request& head) {
  return has_token(head, http::field::connection, "upgrade") &&
         has_token(head, http::field::upgrade, "websocket");
}

std::optional<refused_request> judge_upgrade(const beast_request& head) {
  if (head.method() != http::verb::get || head.version() != 11)
    return bad("an upgrade is a GET of HTTP/1.1");
  if (view(head[http::field::sec_websocket_version]) != "13")
    return refused_request{426, errc::bad_request, "Sec-WebSocket-Version must be 13"};
  if (!is_key(view(head[http::field::sec_websocket_key])))
    return bad("Sec-WebSocket-Key must be 16 bytes in base64");
  return std::nullopt;
}

} // namespace tradepulse::web
