#include "adapters/web/http_head.hpp"

#include <array>
#include <charconv>
#include <ctime>

namespace tradepulse::web {
namespace {

struct reason_entry {
  int status;
  std::string_view phrase;
};
constexpr std::array reasons{
    reason_entry{200, "OK"},
    reason_entry{201, "Created"},
    reason_entry{202, "Accepted"},
    reason_entry{204, "No Content"},
    reason_entry{301, "Moved Permanently"},
    reason_entry{302, "Found"},
    reason_entry{304, "Not Modified"},
    reason_entry{307, "Temporary Redirect"},
    reason_entry{308, "Permanent Redirect"},
    reason_entry{400, "Bad Request"},
    reason_entry{401, "Unauthorized"},
    reason_entry{403, "Forbidden"},
    reason_entry{404, "Not Found"},
    reason_entry{405, "Method Not Allowed"},
    reason_entry{409, "Conflict"},
    reason_entry{413, "Content Too Large"},
    reason_entry{414, "URI Too Long"},
    reason_entry{415, "Unsupported Media Type"},
    reason_entry{426, "Upgrade Required"},
    reason_entry{429, "Too Many Requests"},
    reason_entry{431, "Request Header Fields Too Large"},
    reason_entry{500, "Internal Server Error"},
    reason_entry{503, "Service Unavailable"},
};

std::string_view reason_of(int status) noexcept {
  for (const auto& entry : reasons)
    if (entry.status == status)
      return entry.phrase;
  return "Status"; // RFC 9112 lets it be anything; clients read the number
}

// "Sat, 21 Nov 2026 08:14:39 GMT", made once a second and thread.
std::string_view date_now() {
  thread_local std::time_t made_for = 0;
  thread_local std::array<char, 40> text{};
  thread_local std::size_t length = 0;
  const std::time_t now = std::time(nullptr);
  if (now != made_for) {
    std::tm utc{};
    gmtime_r(&now, &utc);
    length = std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &utc);
    made_for = now;
  }
  return {text.data(), length};
}

bool one_line(std::string_view text) noexcept {
  for (const char c : text)
    if (c == '\r' || c == '\n' || c == '\0')
      return false;
  return true;
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
  if (!one_line(name) || !one_line(value))
    return;
  out.append(name).append(": ").append(value).append("\r\n");
}

} // namespace

std::string write_head(const answer_head& head, const header_list& more, const header_list& cors) {
  std::string out;
  out.reserve(320);
  out += "HTTP/1.1 ";
  out += std::to_string(head.status);
  out += ' ';
  out += reason_of(head.status);
  out += "\r\n";
  append_field(out, "Date", date_now());
  append_field(out, "Server", "tradepulse");
  if (head.framing != body_framing::none && !head.content_type.empty()) {
    append_field(out, "Content-Type", head.content_type);
    append_field(out, "X-Content-Type-Options", "nosniff");
  }
  if (head.framing == body_framing::length)
    append_field(out, "Content-Length", std::to_string(head.length));
  else if (head.framing == body_framing::chunked)
    append_field(out, "Transfer-Encoding", "chunked");
  append_field(out, "Connection", head.keep_alive ? "keep-alive" : "close");
  for (const auto& [name, value] : cors)
    append_field(out, name, value);
  for (const auto& [name, value] : more)
    append_field(out, name, value);
  out += "\r\n";
  return out;
}

std::string chunk_prefix(std::size_t length) {
  std::array<char, 20> text{};
  const auto written = std::to_chars(text.data(), text.data() + text.size(), length, 16);
  return std::string(text.data(), written.ptr) + "\r\n";
}

} // namespace tradepulse::web
