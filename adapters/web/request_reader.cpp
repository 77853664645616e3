#include "adapters/web/request_reader.hpp"

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>

#include "adapters/web/request_rules.hpp"

namespace tradepulse::web {
namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;
using error_code = boost::system::error_code;

constexpr std::size_t read_bytes = 4096;

std::string_view view(beast::string_view from) noexcept {
  return {from.data(), from.size()};
}

request_view view_of(const beast_request& head) {
  request_view out;
  out.method = view(head.method_string());
  out.target = view(head.target());
  out.host = view(head[http::field::host]);
  out.origin = view(head[http::field::origin]);
  out.authorization = view(head[http::field::authorization]);
  out.content_type = view(head[http::field::content_type]);
  out.websocket_key = view(head[http::field::sec_websocket_key]);
  out.head_only = head.method() == http::verb::head;
  out.asks_for_rules = head.method() == http::verb::options;
  out.old_client = head.version() < 11;
  out.keep_alive = head.keep_alive();
  out.expects_go_on = expects_go_on(head);
  out.wants_websocket = asks_for_websocket(head);
  if (out.wants_websocket)
    out.wrong_upgrade = judge_upgrade(head);
  return out;
}

} // namespace

struct request_reader::state {
  explicit state(const connection_limits& of) : limits(of) {}

  step refuse(refused_request why) {
    wrong = std::move(why);
    return step::refused;
  }
  step refuse(error_code failed);
  std::string_view unread() const noexcept {
    return {static_cast<const char*>(in.data().data()), in.size()};
  }
  void skip_empty_line();
  bool folded(std::string_view lines) const noexcept;

  const connection_limits& limits;
  beast::flat_buffer in;
  std::optional<http::request_parser<http::string_body>> parser;
  request_view request;
  refused_request wrong{400, errc::bad_request, {}};
  std::size_t head_bytes = 0; // of the request that is read
  bool line_skipped = false;
  bool head_judged = false;
};

request_reader::step request_reader::state::refuse(error_code failed) {
  if (failed == http::error::header_limit) {
    const auto most = std::to_string(limits.header_bytes) + " bytes";
    if (head_bytes == 0)
      return refuse({414, errc::too_large, "request line longer than " + most});
    return refuse({431, errc::too_large, "header of more than " + most});
  }
  if (failed == http::error::body_limit)
    return refuse({413, errc::too_large,
                   "body of more than " + std::to_string(limits.body_bytes) + " bytes"});
  return refuse({400, errc::bad_request, "not HTTP/1.1: " + failed.message()});
}

// RFC 9112, 2.2: old clients send an empty line behind a body. One before a request is none of it.
void request_reader::state::skip_empty_line() {
  if (line_skipped || head_bytes != 0 || !unread().starts_with("\r\n"))
    return;
  in.consume(2);
  line_skipped = true;
}

// RFC 9112, 5.2: Beast joins a field that goes on in the next line; others may not, and would read
// another request. `lines`: whole lines of the head, the next ones.
bool request_reader::state::folded(std::string_view lines) const noexcept {
  const auto is_space = [](char c) { return c == ' ' || c == '\t'; };
  if (head_bytes > 0 && !lines.empty() && is_space(lines.front()))
    return true;
  for (auto end = lines.find('\n'); end != std::string_view::npos; end = lines.find('\n', end + 1))
    if (end + 1 < lines.size() && is_space(lines[end + 1]))
      return true;
  return false;
}

request_reader::request_reader(const connection_limits& limits)
    : state_(std::make_unique<state>(limits)) {
  begin();
}

request_reader::~request_reader() = default;

void request_reader::begin() {
  auto& s = *state_;
  s.request = {};
  s.parser.emplace();
  s.parser->header_limit(static_cast<std::uint32_t>(s.limits.header_bytes));
  s.parser->body_limit(s.limits.body_bytes);
  s.head_bytes = 0;
  s.line_skipped = false;
  s.head_judged = false;
  s.skip_empty_line();
  // What a large request had grown is not kept for a connection that may be idle for long.
  if (drained() && s.in.capacity() > 4 * read_bytes)
    s.in = beast::flat_buffer();
}

std::span<char> request_reader::room() {
  const auto space = state_->in.prepare(read_bytes);
  return {static_cast<char*>(space.data()), space.size()};
}

void request_reader::received(std::size_t count) {
  state_->in.commit(count);
  state_->skip_empty_line();
}

bool request_reader::drained() const noexcept {
  return state_->in.size() == 0;
}

request_reader::step request_reader::advance() {
  auto& s = *state_;
  while (!s.parser->is_done()) {
    const bool half_an_empty_line = s.head_bytes == 0 && !s.line_skipped && s.unread() == "\r";
    if (s.in.size() == 0 || half_an_empty_line)
      return step::more;
    error_code failed;
    const std::size_t used = s.parser->put(s.in.data(), failed);
    const bool folded = !s.head_judged && s.folded(s.unread().substr(0, used));
    s.in.consume(used);
    if (folded)
      return s.refuse({400, errc::bad_request,
                       "a line of the header begins with a space: a field is written in one line"});
    if (!s.head_judged) {
      s.head_bytes += used;
      // Beast bounds each line by what is left in the buffer, not the fields together.
      if (s.head_bytes > s.limits.header_bytes)
        return s.refuse(http::error::header_limit);
    }
    if (failed == http::error::need_more)
      return step::more;
    if (failed)
      return s.refuse(failed);
    if (!s.head_judged && s.parser->is_header_done()) {
      s.head_judged = true;
      s.request = view_of(s.parser->get());
      if (auto wrong = judge_head(s.parser->get(), s.limits.target_bytes))
        return s.refuse(std::move(*wrong));
      return step::head;
    }
  }
  return step::whole;
}

const request_view& request_reader::request() const noexcept {
  return state_->request;
}

const refused_request& request_reader::refused() const noexcept {
  return state_->wrong;
}

std::string request_reader::take_body() {
  return std::move(state_->parser->get().body());
}

std::string request_reader::rest() const {
  return std::string(state_->unread());
}

} // namespace tradepulse::web
