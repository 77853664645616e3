#include "adapters/web/http_session.hpp"

#include <algorithm>
#include <array>
#include <exception>
#include <optional>
#include <utility>

#include <boost/asio/post.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>

#include "adapters/web/http_head.hpp"
#include "adapters/web/linger.hpp"
#include "adapters/web/request_rules.hpp"
#include "adapters/web/websocket_session.hpp"
#include "protocol/log.hpp"
#include "protocol/native_dialect.hpp"

namespace tradepulse::web {
namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;
using parser_type = http::request_parser<http::string_body>;

constexpr std::size_t read_bytes = 4096;
constexpr std::string_view own_route = "refused"; // of answers that no service was asked for
constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";

std::string text(beast::string_view from) {
  return std::string(from.data(), from.size());
}

http_response error_response(int status, errc code, std::string_view message) {
  http_response out;
  out.status = status;
  native::append_rest_error(out.body, code, message);
  out.route = own_route;
  return out;
}

// One HTTP connection: a request is read, judged and answered before the next one is looked at, so
// pipelined requests wait in the buffer, or with the client.
class http_session final : public session, public std::enable_shared_from_this<http_session> {
 public:
  http_session(std::shared_ptr<station> home, tcp_socket socket, std::string remote_address,
               connection_budget::ticket place, connection_budget::verdict verdict)
      : home_(std::move(home)), socket_(std::move(socket)),
        remote_address_(std::move(remote_address)), place_(std::move(place)), verdict_(verdict) {
    home_->shared().metrics.http_connections.add(1);
  }

  void start() {
    next_request(home_->limits().handshake_timeout);
    if (home_->closing())
      home_->dismiss(*this);
  }

  void sweep(time_point now) override {
    if (now >= deadline_)
      finish();
  }
  void drain(close_code, const std::function<std::string()>&) override {
    leaving_ = true;
    if (idle_)
      finish(); // between two requests; others end with the answer they are in
  }
  void abort() override { finish(); }

 private:
  // Reading.
  void next_request(std::chrono::milliseconds patience);
  void read();
  void parse();
  bool head_is_fine();
  void parse_failed(error_code failed);
  void dispatch();
  http_response ask_service();
  http_response preflight() const;
  void upgrade();
  http_response refuse_upgrade(refusal why, int status, errc code, std::string_view message);

  // Answering.
  void refuse(const refused_request& why);
  void answer(http_response response);
  void next_slice();
  void write_some();
  void answered();
  void finish();
  void leave(bool ended);
  std::string origin() const { return text(parser_->get()[http::field::origin]); }
  void patience(std::chrono::milliseconds how_long) { deadline_ = steady_clock::now() + how_long; }

  std::shared_ptr<station> home_;
  tcp_socket socket_;
  const std::string remote_address_;
  connection_budget::ticket place_;
  const connection_budget::verdict verdict_;
  time_point deadline_ = time_point::max();

  beast::flat_buffer in_;
  std::optional<parser_type> parser_;
  std::size_t head_bytes_ = 0; // of the request that is read
  bool head_judged_ = false;
  bool idle_ = false; // not a byte of the next request is here
  bool leaving_ = false;
  bool finished_ = false;

  std::string head_;
  std::string body_;
  std::size_t written_ = 0; // of head_ and body_ together
  std::function<bool(std::string&)> more_;
  bool keep_alive_ = true;
  bool chunked_ = false;
  std::string_view route_;
  int status_ = 0;
  time_point request_at_{};
};

// -- reading ----------------------------------------------------------------------------------

void http_session::next_request(std::chrono::milliseconds how_long) {
  parser_.emplace();
  parser_->header_limit(static_cast<std::uint32_t>(home_->limits().header_bytes));
  parser_->body_limit(home_->limits().body_bytes);
  head_bytes_ = 0;
  head_judged_ = false;
  idle_ = in_.size() == 0;
  patience(idle_ ? how_long : home_->limits().handshake_timeout);
  if (idle_) {
    // What a large request had grown is not kept for a connection that may be idle for long.
    if (in_.capacity() > 4 * read_bytes)
      in_ = beast::flat_buffer();
    read();
  } else {
    parse();
  }
}

void http_session::read() {
  socket_.async_read_some(
      in_.prepare(read_bytes), [self = shared_from_this()](error_code failed, std::size_t count) {
        if (self->finished_)
          return;
        if (failed)
          return self->finish(); // also a client that leaves in the middle of a request
        self->in_.commit(count);
        if (std::exchange(self->idle_, false))
          self->patience(self->home_->limits().handshake_timeout); // one for the whole request
        self->parse();
      });
}

void http_session::parse() {
  while (!parser_->is_done()) {
    if (in_.size() == 0)
      return read();
    error_code failed;
    const std::size_t used = parser_->put(in_.data(), failed);
    in_.consume(used);
    if (!parser_->is_header_done() || !head_judged_)
      head_bytes_ += used;
    // Beast bounds each line by what is left in the buffer, not the fields together.
    if (!head_judged_ && head_bytes_ > home_->limits().header_bytes)
      return parse_failed(http::error::header_limit);
    if (failed == http::error::need_more)
      return read();
    if (failed)
      return parse_failed(failed);
    if (!head_judged_ && parser_->is_header_done()) {
      head_judged_ = true;
      if (!head_is_fine())
        return;
    }
  }
  dispatch();
}

void http_session::parse_failed(error_code failed) {
  const auto& limits = home_->limits();
  if (failed == http::error::header_limit) {
    if (head_bytes_ == 0)
      return refuse({414, errc::too_large,
                     "request line longer than " + std::to_string(limits.header_bytes) + " bytes"});
    return refuse({431, errc::too_large,
                   "header of more than " + std::to_string(limits.header_bytes) + " bytes"});
  }
  if (failed == http::error::body_limit)
    return refuse({413, errc::too_large,
                   "body of more than " + std::to_string(limits.body_bytes) + " bytes"});
  refuse({400, errc::bad_request, "not HTTP/1.1: " + failed.message()});
}

bool http_session::head_is_fine() {
  const auto& head = parser_->get();
  if (const auto wrong = judge_head(head, home_->limits().target_bytes)) {
    refuse(*wrong);
    return false;
  }
  if (verdict_ != connection_budget::verdict::admitted) {
    auto full = error_response(http_status(errc::too_many_connections), errc::too_many_connections,
                               verdict_ == connection_budget::verdict::full
                                   ? "all connections are taken"
                                   : "too many connections from this address");
    full.headers.emplace_back("Retry-After", "5");
    keep_alive_ = false;
    answer(std::move(full));
    return false;
  }
  if (asks_for_websocket(head)) {
    upgrade();
    return false;
  }
  if (!parser_->is_done() && text(head[http::field::expect]) == "100-continue" && in_.size() == 0) {
    // The body is within the limit, or put() had failed. A socket that was just read from takes
    // 25 bytes at once; where it does not, the client sends its body a little later by itself.
    error_code ignored;
    socket_.non_blocking(true, ignored);
    socket_.send(net::buffer(go_on), 0, ignored);
  }
  return true;
}

// -- what is answered -------------------------------------------------------------------------

void http_session::dispatch() {
  request_at_ = steady_clock::now();
  keep_alive_ = parser_->get().keep_alive() && !home_->shared().draining;
  answer(parser_->get().method() == http::verb::options ? preflight() : ask_service());
}

http_response http_session::preflight() const {
  const auto asked_by = origin();
  if (!asked_by.empty() && !home_->shared().origins.allows(asked_by))
    return error_response(403, errc::forbidden, "this origin is not allowed");
  http_response out;
  out.status = 204;
  out.route = "preflight";
  out.headers.emplace_back("Allow", "GET, HEAD, POST, OPTIONS");
  if (!asked_by.empty())
    for (auto& field : origin_policy::preflight_headers())
      out.headers.push_back(std::move(field));
  return out;
}

http_response http_session::ask_service() {
  auto& head = parser_->get();
  const auto target = split(std::string_view(head.target().data(), head.target().size()));
  const auto& options = home_->shared().options;
  if (options.http == nullptr) {
    const bool websocket = std::find(options.websocket_paths.begin(), options.websocket_paths.end(),
                                     target.path) != options.websocket_paths.end();
    return websocket ? error_response(426, errc::bad_request, "only WebSocket is spoken here")
                     : error_response(404, errc::not_found, "there is no such route");
  }
  http_request request;
  // A HEAD is a GET whose body stays here.
  request.method =
      head.method() == http::verb::head ? std::string("GET") : text(head.method_string());
  request.path = target.path;
  request.query = target.query;
  request.authorization = text(head[http::field::authorization]);
  request.content_type = text(head[http::field::content_type]);
  request.body = std::move(head.body());
  request.remote_address = remote_address_;
  try {
    return options.http->handle(request);
  } catch (const std::exception& e) {
    log::error("http_service_failed", {{"what", e.what()}});
  } catch (...) {
    log::error("http_service_failed", {{"what", "not a std::exception"}});
  }
  return error_response(500, errc::internal, "a fault of the server");
}

http_response http_session::refuse_upgrade(refusal why, int status, errc code,
                                           std::string_view message) {
  home_->shared().metrics.refused(why).add();
  keep_alive_ = false; // what comes behind it may be frames
  auto out = error_response(status, code, message);
  out.route = "upgrade";
  return out;
}

void http_session::upgrade() {
  request_at_ = steady_clock::now();
  auto& shared = home_->shared();
  const auto& head = parser_->get();
  const auto& paths = shared.options.websocket_paths;
  const auto target = split(std::string_view(head.target().data(), head.target().size()));
  if (const auto wrong = judge_upgrade(head)) {
    auto out = refuse_upgrade(refusal::bad_request, wrong->status, wrong->code, wrong->message);
    if (wrong->status == 426)
      out.headers.emplace_back("Sec-WebSocket-Version", "13");
    return answer(std::move(out));
  }
  if (shared.options.clients == nullptr ||
      std::find(paths.begin(), paths.end(), target.path) == paths.end())
    return answer(refuse_upgrade(refusal::path, 404, errc::not_found, "no WebSocket at this path"));
  const auto asked_by = origin();
  if (!asked_by.empty() && !shared.origins.allows(asked_by))
    return answer(
        refuse_upgrade(refusal::origin, 403, errc::forbidden, "this origin is not allowed"));
  if (shared.draining) {
    auto out = refuse_upgrade(refusal::draining, 503, errc::not_ready, "this server is stopping");
    out.headers.emplace_back("Retry-After", "1");
    return answer(std::move(out));
  }
  accepted_upgrade accepted{std::move(socket_),
                            std::move(place_),
                            remote_address_,
                            text(head.target()),
                            text(head[http::field::host]),
                            text(head[http::field::sec_websocket_key]),
                            std::string(static_cast<const char*>(in_.data().data()), in_.size())};
  const auto self = shared_from_this();
  leave(false);
  start_websocket(home_, std::move(accepted));
}

// -- answering --------------------------------------------------------------------------------

// A request that cannot be read on from: the connection ends behind the answer.
void http_session::refuse(const refused_request& why) {
  request_at_ = steady_clock::now();
  keep_alive_ = false;
  answer(error_response(why.status, why.code, why.message));
}

void http_session::answer(http_response response) {
  // A parser that failed has no request that could be asked.
  const bool known = parser_->is_header_done();
  const bool head_only = known && parser_->get().method() == http::verb::head;
  const bool old_client = known && parser_->get().version() < 11;
  more_ = std::move(response.more);
  route_ = response.route;
  status_ = response.status;

  answer_head head;
  head.status = response.status;
  head.content_type = response.content_type;
  head.length = response.body.size();
  if (response.status == 204 || response.status == 304)
    head.framing = body_framing::none;
  else if (more_)
    head.framing = old_client ? body_framing::until_close : body_framing::chunked;
  if (head.framing == body_framing::until_close)
    keep_alive_ = false;
  head.keep_alive = keep_alive_;
  head_ = write_head(head, response.headers,
                     home_->shared().origins.answer_headers(known ? origin() : std::string()));
  body_ = std::move(response.body);
  chunked_ = head.framing == body_framing::chunked;
  if (head_only || head.framing == body_framing::none) {
    body_.clear();
    more_ = nullptr;
  } else if (chunked_ && !body_.empty()) {
    head_ += chunk_prefix(body_.size());
    body_ += chunk_suffix;
  }
  written_ = 0;
  write_some();
}

void http_session::write_some() {
  patience(home_->limits().write_timeout); // anew with each byte that the kernel takes
  const std::size_t of_head = std::min(written_, head_.size());
  const std::array<net::const_buffer, 2> rest{net::buffer(head_) + of_head,
                                              net::buffer(body_) + (written_ - of_head)};
  socket_.async_write_some(rest, [self = shared_from_this()](error_code failed, std::size_t count) {
    if (self->finished_)
      return;
    if (failed)
      return self->finish();
    self->written_ += count;
    if (self->written_ < self->head_.size() + self->body_.size())
      self->write_some();
    else if (self->more_)
      self->next_slice();
    else
      self->answered();
  });
}

// The socket has taken what there was: asks the service for more.
void http_session::next_slice() {
  head_.clear();
  body_.clear();
  written_ = 0;
  bool again = false;
  try {
    again = more_(body_);
  } catch (const std::exception& e) {
    // The client sees a body without its end, which is what it is.
    log::error("http_service_failed", {{"what", e.what()}});
    return finish();
  } catch (...) {
    log::error("http_service_failed", {{"what", "not a std::exception"}});
    return finish();
  }
  if (chunked_ && !body_.empty()) {
    head_ = chunk_prefix(body_.size());
    body_ += chunk_suffix;
  }
  if (!again) {
    more_ = nullptr;
    if (chunked_)
      body_ += last_chunk;
  }
  if (!body_.empty())
    return write_some();
  // An empty slice: not a recursion, and not before others have had their turn.
  net::post(socket_.get_executor(), [self = shared_from_this()] {
    if (self->finished_)
      return;
    if (self->more_)
      self->next_slice();
    else
      self->answered();
  });
}

void http_session::answered() {
  const std::chrono::duration<double> took = steady_clock::now() - request_at_;
  home_->shared().metrics.answered(route_, status_, took.count());
  std::string().swap(head_);
  std::string().swap(body_);
  // What the head has promised is kept, unless the listener ends its connections.
  if (keep_alive_ && !leaving_)
    return next_request(home_->limits().keep_alive_timeout);
  patience(home_->limits().close_timeout);
  say_goodbye(socket_, shared_from_this(), [this] { finish(); });
}

void http_session::finish() {
  if (finished_)
    return;
  const auto self = shared_from_this();
  error_code ignored;
  socket_.close(ignored);
  leave(true);
}

void http_session::leave(bool ended) {
  finished_ = true;
  more_ = nullptr;
  place_ = {};
  home_->shared().metrics.http_connections.add(-1);
  if (verdict_ != connection_budget::verdict::admitted)
    --home_->shared().lane_of_refused;
  home_->remove(*this, ended);
}

} // namespace

void start_http(std::shared_ptr<station> home, tcp_socket socket, std::string remote_address,
                connection_budget::ticket place, connection_budget::verdict verdict) {
  auto made = std::make_shared<http_session>(home, std::move(socket), std::move(remote_address),
                                             std::move(place), verdict);
  home->add(made);
  made->start();
}

} // namespace tradepulse::web
