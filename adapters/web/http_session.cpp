#include "adapters/web/http_session.hpp"

#include <array>
#include <utility>

#include <boost/asio/post.hpp>

#include "adapters/web/http_answers.hpp"
#include "adapters/web/later_answer.hpp"
#include "adapters/web/linger.hpp"
#include "adapters/web/outgoing_answer.hpp"
#include "adapters/web/request_reader.hpp"
#include "adapters/web/websocket_session.hpp"

namespace tradepulse::web {
namespace {

constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";

net::const_buffer buffer_of(std::string_view bytes) noexcept {
  return {bytes.data(), bytes.size()};
}

// One HTTP connection: a request is read, judged and answered before the next one is looked at, so
// pipelined requests wait in the buffer, or with the client. Each step has a deadline that sweep()
// keeps.
class http_session final : public session, public std::enable_shared_from_this<http_session> {
 public:
  http_session(std::shared_ptr<station> home, tcp_socket socket, std::string remote_address,
               connection_budget::ticket place, connection_budget::verdict verdict)
      : home_(std::move(home)), socket_(std::move(socket)),
        remote_address_(std::move(remote_address)), place_(std::move(place)), verdict_(verdict),
        reader_(home_->limits()) {
    home_->shared().metrics.http_connections.add(1);
  }

  void start() {
    next_request(home_->limits().handshake_timeout);
    if (home_->closing())
      home_->dismiss(*this);
  }

  void sweep(time_point now) override {
    if (now < deadline_)
      return;
    if (reading_ && (!idle_ || !served_)) // an idle connection that was kept is no offence
      home_->shared().metrics.refused(refusal::timeout).add();
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
  void say_go_on();
  void upgrade();

  // Answering.
  void answer(http_response response);
  void answer_later(const std::function<void(http_answer)>& later);
  void last_answer(http_response response);
  void write_some();
  void next_slice();
  void slice_written();
  void answered();

  void finish();
  void leave(bool ended);
  void patience(std::chrono::milliseconds how_long) { deadline_ = steady_clock::now() + how_long; }

  std::shared_ptr<station> home_;
  tcp_socket socket_;
  const std::string remote_address_;
  connection_budget::ticket place_;
  const connection_budget::verdict verdict_;
  time_point deadline_ = time_point::max();

  request_reader reader_;
  outgoing_answer answer_;
  time_point request_at_{};
  bool reading_ = false; // a request is waited for, or a part of it is here
  bool served_ = false;  // one was answered
  bool idle_ = false;    // not a byte of the next request is here
  bool keep_alive_ = true;
  bool leaving_ = false;
  bool finished_ = false;
};

// -- reading ----------------------------------------------------------------------------------

void http_session::next_request(std::chrono::milliseconds how_long) {
  reader_.begin();
  reading_ = true;
  idle_ = reader_.drained();
  patience(idle_ ? how_long : home_->limits().handshake_timeout);
  if (idle_)
    read();
  else
    parse();
}

void http_session::read() {
  const auto room = reader_.room();
  socket_.async_read_some(
      net::buffer(room.data(), room.size()),
      [self = shared_from_this()](error_code failed, std::size_t count) {
        if (self->finished_)
          return;
        if (failed)
          return self->finish(); // also a client that leaves in the middle of a request
        self->reader_.received(count);
        if (!self->reader_.drained() && std::exchange(self->idle_, false))
          self->patience(self->home_->limits().handshake_timeout); // one for the whole request
        self->parse();
      });
}

void http_session::parse() {
  for (;;) {
    switch (reader_.advance()) {
    case request_reader::step::more:
      return read();
    case request_reader::step::refused:
      return last_answer(answer_to(reader_.refused()));
    case request_reader::step::head:
      if (!head_is_fine())
        return;
      break;
    case request_reader::step::whole:
      request_at_ = steady_clock::now();
      keep_alive_ = reader_.request().keep_alive && !home_->shared().draining;
      return answer(
          answer_to(reader_.request(), reader_.take_body(), remote_address_, home_->shared()));
    }
  }
}

// False: what is to be said about the request is being said.
bool http_session::head_is_fine() {
  if (verdict_ != connection_budget::verdict::admitted) {
    last_answer(answer_without_a_place(verdict_));
    return false;
  }
  if (reader_.request().wants_websocket) {
    upgrade();
    return false;
  }
  if (reader_.request().expects_go_on && reader_.drained())
    say_go_on();
  return true;
}

// The body is within the limit, or the reader had refused it. A socket that was just read from
// takes 25 bytes at once; where it does not, the client sends its body a little later by itself.
void http_session::say_go_on() {
  error_code ignored;
  socket_.non_blocking(true, ignored);
  socket_.send(buffer_of(go_on), 0, ignored);
}

void http_session::upgrade() {
  const auto& request = reader_.request();
  if (auto refused = refusal_of_upgrade(request, home_->shared()))
    return last_answer(std::move(*refused)); // what comes behind it may be frames
  accepted_upgrade accepted{std::move(socket_),
                            std::move(place_),
                            remote_address_,
                            std::string(request.target),
                            std::string(request.host),
                            std::string(request.websocket_key),
                            reader_.rest()};
  const auto self = shared_from_this();
  leave(false);
  start_websocket(home_, std::move(accepted));
}

// -- answering --------------------------------------------------------------------------------

// The connection ends behind it.
void http_session::last_answer(http_response response) {
  request_at_ = steady_clock::now();
  keep_alive_ = false;
  answer(std::move(response));
}

void http_session::answer(http_response response) {
  reading_ = false;
  if (response.later)
    return answer_later(response.later);
  const auto& request = reader_.request();
  outgoing_answer::terms terms;
  terms.head_only = request.head_only;
  terms.old_client = request.old_client;
  terms.keep_alive = keep_alive_;
  keep_alive_ = answer_.begin(std::move(response), terms,
                              home_->shared().origins.answer_headers(request.origin));
  write_some();
}

// The request stays where it is until then: nothing is read behind it. A client that leaves is
// noticed when its answer is written.
void http_session::answer_later(const std::function<void(http_answer)>& later) {
  deadline_ = time_point::max();
  const std::weak_ptr<http_session> waiting = weak_from_this();
  ask_later(later, home_->worker(), [waiting](http_response&& response) {
    const auto self = waiting.lock();
    if (!self || self->finished_)
      return;
    // What was promised while it waited is kept no longer than the listener's own promise.
    self->keep_alive_ = self->keep_alive_ && !self->leaving_ && !self->home_->shared().draining;
    self->answer(std::move(response));
  });
}

void http_session::write_some() {
  patience(home_->limits().write_timeout); // anew with each byte that the kernel takes
  const auto [head, body] = answer_.left();
  const std::array<net::const_buffer, 2> left{buffer_of(head), buffer_of(body)};
  socket_.async_write_some(left, [self = shared_from_this()](error_code failed, std::size_t count) {
    if (self->finished_)
      return;
    if (failed)
      return self->finish();
    self->answer_.wrote(count);
    if (self->answer_.slice_is_written())
      self->slice_written();
    else
      self->write_some();
  });
}

void http_session::slice_written() {
  if (answer_.has_more())
    next_slice();
  else
    answered();
}

// The socket has taken what there was: asks the service for more.
void http_session::next_slice() {
  if (!goes_well([this] { answer_.next_slice(); }))
    return finish(); // the client sees a body without its end, which is what it is
  if (!answer_.slice_is_written())
    return write_some();
  // An empty slice: not a recursion, and not before others have had their turn.
  net::post(socket_.get_executor(), [self = shared_from_this()] {
    if (!self->finished_)
      self->slice_written();
  });
}

void http_session::answered() {
  const std::chrono::duration<double> took = steady_clock::now() - request_at_;
  home_->shared().metrics.answered(answer_.route(), answer_.status(), took.count());
  answer_.clear();
  served_ = true;
  // What the head has promised is kept, unless the listener ends its connections.
  if (keep_alive_ && !leaving_)
    return next_request(home_->limits().keep_alive_timeout);
  patience(home_->limits().close_timeout);
  say_goodbye(socket_, shared_from_this(), [this] { finish(); });
}

// -- ending -----------------------------------------------------------------------------------

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
  answer_.clear();
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
