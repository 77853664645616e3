#include "adapters/web/websocket_session.hpp"

#include <exception>
#include <utility>

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/websocket/stream.hpp>

#include "adapters/web/client_socket.hpp"
#include "adapters/web/frame_counter.hpp"
#include "adapters/web/linger.hpp"
#include "adapters/web/token_bucket.hpp"
#include "adapters/web/websocket_layer.hpp"
#include "protocol/log.hpp"
#include "protocol/websocket_frame.hpp"

namespace tradepulse::web {

namespace beast = boost::beast;

void beast_close_socket(websocket_layer& layer) {
  error_code ignored;
  layer.host().socket().close(ignored);
}

namespace {

constexpr std::uint16_t protocol_error = 1002; // Beast's word; ours is 1008, see the registry
constexpr std::size_t kept_read_buffer_bytes = 4096;

bool is_close_frame(std::string_view bytes) noexcept {
  // Compared whole: the H of the handshake's "HTTP/1.1" ends in an 8 too.
  return !bytes.empty() && bytes.front() == '\x88';
}

std::uint16_t code_in(std::string_view close_frame) noexcept {
  if (close_frame.size() < 4)
    return static_cast<std::uint16_t>(close_code::normal);
  const auto octet = [&](std::size_t i) {
    return static_cast<unsigned>(static_cast<unsigned char>(close_frame[i]));
  };
  return static_cast<std::uint16_t>(octet(2) << 8 | octet(3));
}

// One WebSocket. Beast reads, answers pings and judges frames; client_socket alone writes.
//
// How it ends: somebody seals it (close(), Beast at a broken frame, the peer's close frame), a
// close frame goes out behind what is queued, Beast reads until the peer's close frame, the handler
// hears on_closed, FIN is said and waited for, the socket is closed. Each step has a deadline that
// sweep() keeps. The handler is never called from within its own call to the outbox.
class websocket_session final : public session,
                                public outbox,
                                public client_socket::events,
                                public layer_host,
                                public std::enable_shared_from_this<websocket_session> {
 public:
  websocket_session(std::shared_ptr<station> home, accepted_upgrade upgrade)
      : home_(std::move(home)), place_(std::move(upgrade.place)),
        wire_(std::move(upgrade.socket), *this, home_->shared().metrics),
        early_bytes_(std::move(upgrade.early_bytes)), stream_(static_cast<layer_host&>(*this)),
        last_heard_(steady_clock::now()),
        next_heartbeat_(last_heard_ + home_->limits().heartbeat_interval),
        messages_(home_->limits().messages_per_second, home_->limits().message_burst, last_heard_),
        frames_(home_->limits().frames_per_second, 2 * home_->limits().frames_per_second,
                last_heard_),
        bytes_(home_->limits().bytes_per_second, 2 * home_->limits().bytes_per_second,
               last_heard_) {
    client_.id = connection_id{++home_->shared().pool.last_connection_id};
    client_.remote_address = std::move(upgrade.remote_address);
    client_.target = std::move(upgrade.target);
    client_.io_thread = home_->index();
    ++home_->shared().websockets;
    home_->shared().metrics.websocket_connections.add(1);
  }

  void start(const std::string& host, const std::string& key) {
    stream_.read_message_max(home_->limits().message_bytes);
    stream_.set_option(
        beast::websocket::stream_base::decorator([](beast::websocket::response_type& answer) {
          answer.set(beast::http::field::server, "tradepulse");
        }));
    // The request was judged already; what Beast needs of it is written anew, so that nothing
    // else of it (Expect, extensions) can have an effect.
    beast::http::request<beast::http::empty_body> request{beast::http::verb::get, "/", 11};
    request.set(beast::http::field::host, host);
    request.set(beast::http::field::connection, "upgrade");
    request.set(beast::http::field::upgrade, "websocket");
    request.set(beast::http::field::sec_websocket_version, "13");
    request.set(beast::http::field::sec_websocket_key, key);
    stream_.async_accept(
        request, [self = shared_from_this()](error_code failed) { self->accepted(failed); });
  }

  // outbox
  push_outcome push(frame_slice frames) override;
  void flush() override { wire_.flush(); }
  std::size_t queued_bytes() const noexcept override { return wire_.queue().bytes(); }
  void close(close_code code, std::string_view reason) override;

  // session
  void sweep(time_point now) override;
  void drain(close_code code, const std::function<std::string()>& reason) override {
    if (!sealed_)
      close(code, reason ? reason() : std::string());
  }
  void abort() override {
    decide(static_cast<std::uint16_t>(close_code::going_away));
    finish(true);
  }

  // client_socket::events
  void on_written(bool writable) override;
  void on_write_failed() override;
  std::shared_ptr<void> keep_alive() override { return shared_from_this(); }

  // layer_host
  tcp_socket& socket() noexcept override { return wire_.socket(); }
  std::string& early_bytes() noexcept override { return early_bytes_; }
  void received(std::string_view bytes) override;
  bool reading_ended() const noexcept override { return flooded_; }
  void write(std::string bytes, std::unique_ptr<pending_write> done) override;
  void torn_down() noexcept override { wire_.stop_writing(); }

 private:
  void accepted(error_code failed);
  void read();
  void message_read(error_code failed);
  void take_message();
  void read_failed(error_code failed);

  void seal(std::uint16_t code, std::string_view reason);
  void complete_beast_write();
  // The first cause is the one that is told.
  void decide(std::uint16_t code) noexcept {
    if (final_code_ == 0)
      final_code_ = code;
  }
  void conclude();
  void goodbye();
  void finish(bool hard);
  void finish_soon();
  template <class Call>
  void guarded(const char* what, Call&& call);

  std::shared_ptr<station> home_;
  connection_budget::ticket place_;
  client_socket wire_;
  std::string early_bytes_;
  beast::websocket::stream<websocket_layer, false> stream_; // false: no permessage-deflate
  beast::flat_buffer in_;
  client_info client_;
  std::shared_ptr<client_handler> handler_;

  std::unique_ptr<pending_write> beast_write_;
  std::size_t beast_write_bytes_ = 0;

  time_point last_heard_;
  time_point next_heartbeat_;
  time_point deadline_ = time_point::max(); // of the present step of closing
  frame_counter counter_;
  token_bucket messages_;
  token_bucket frames_;
  token_bucket bytes_;

  std::uint16_t final_code_ = 0; // 0: not decided
  bool refused_ = false;         // on_drained is owed
  bool sealed_ = false;          // a close frame is queued or sent; nothing goes behind it
  bool flooded_ = false;
  bool concluded_ = false;
  bool parting_ = false; // FIN said
  bool finished_ = false;
};

// -- opening and reading ----------------------------------------------------------------------

void websocket_session::accepted(error_code failed) {
  if (finished_)
    return;
  if (failed)
    return read_failed(failed);
  if (home_->closing())
    home_->dismiss(*this); // it was accepted while the others were told
  if (!sealed_) {
    guarded("opened", [this] {
      handler_ = home_->shared().options.clients->opened(client_, shared_from_this());
    });
    if (!handler_)
      close(close_code::try_again_later, {});
  }
  read();
}

void websocket_session::read() {
  stream_.async_read(in_, [self = shared_from_this()](error_code failed, std::size_t) {
    self->message_read(failed);
  });
}

void websocket_session::message_read(error_code failed) {
  if (finished_)
    return;
  if (failed)
    return read_failed(failed);
  if (!sealed_)
    take_message();
  in_.consume(in_.size());
  if (in_.capacity() > kept_read_buffer_bytes)
    in_.shrink_to_fit();
  read();
}

void websocket_session::take_message() {
  if (!stream_.got_text())
    return close(close_code::unsupported_data, "text frames only");
  home_->shared().metrics.messages_received.add();
  if (!messages_.take(1, last_heard_))
    return close(close_code::rate_limited, "too many messages; retry_after_ms=1000");
  const std::string_view text(static_cast<const char*>(in_.data().data()), in_.size());
  guarded("on_text", [this, text] { handler_->on_text(text); });
}

void websocket_session::received(std::string_view bytes) {
  home_->shared().metrics.received_bytes.add(bytes.size());
  const std::uint32_t frames = counter_.feed(bytes);
  const auto now = steady_clock::now();
  if (frames > 0)
    last_heard_ = now; // any frame is life; a frame that never ends is not
  const bool few_frames = frames_.take(frames, now);
  const bool few_bytes = bytes_.take(static_cast<double>(bytes.size()), now);
  if ((few_frames && few_bytes) || flooded_)
    return;
  flooded_ = true; // its window fills, and the flood stops by itself
  close(close_code::policy, "flood");
}

// The peer has gone, or Beast has ended the WebSocket (and has written its close frame).
void websocket_session::read_failed(error_code failed) {
  const bool by_peer = failed == beast::websocket::error::closed;
  if (by_peer || sealed_)
    decide(static_cast<std::uint16_t>(close_code::normal)); // where nobody has said a code
  const bool transport = failed.category() == net::error::get_system_category() ||
                         failed.category() == net::error::get_misc_category();
  if (transport && !by_peer) {
    decide(abnormal_closure);
    return finish(false);
  }
  goodbye();
}

// -- writing ----------------------------------------------------------------------------------

push_outcome websocket_session::push(frame_slice frames) {
  if (sealed_ || wire_.dead())
    return push_outcome::closed;
  const std::size_t limit = home_->limits().outbound_queue_bytes;
  const auto too_much = [&] {
    return !wire_.queue().empty() && wire_.queue().bytes() + frames.length > limit;
  };
  if (too_much() && !wire_.waiting()) {
    wire_.flush(); // whoever pushes a lot between two flushes is not a slow client
    if (sealed_ || wire_.dead())
      return push_outcome::closed;
  }
  if (too_much()) {
    // The kernel takes no more, so a wait is pending and on_drained() will come from it.
    refused_ = true;
    home_->shared().metrics.refused_pushes.add();
    return push_outcome::refused;
  }
  wire_.append(std::move(frames));
  return push_outcome::accepted;
}

void websocket_session::close(close_code code, std::string_view reason) {
  if (sealed_ || wire_.dead())
    return;
  seal(static_cast<std::uint16_t>(code), reason);
  wire_.flush();
}

void websocket_session::seal(std::uint16_t code, std::string_view reason) {
  decide(code);
  sealed_ = true;
  auto frame = std::make_shared<std::string>();
  websocket::append_close_frame(*frame, static_cast<close_code>(code), reason);
  const std::size_t size = frame->size();
  wire_.append({std::move(frame), 0, size});
  // However slowly it is read: a closed connection does not stay longer than a stalled one.
  deadline_ = steady_clock::now() + home_->limits().write_timeout;
}

// Bytes of Beast's own: the handshake's answer, a pong, a close frame.
void websocket_session::write(std::string bytes, std::unique_ptr<pending_write> done) {
  if (wire_.dead())
    return done->complete(net::error::operation_aborted, 0);
  beast_write_ = std::move(done);
  beast_write_bytes_ = bytes.size();
  if (is_close_frame(bytes)) {
    if (!sealed_) {
      // The peer's code, which Beast echoes, or what Beast found wrong. What waits is of no use to
      // a peer that has closed or broken the protocol.
      const std::uint16_t peers = stream_.reason().code;
      std::uint16_t code = code_in(bytes);
      if (code == protocol_error && peers != protocol_error)
        code = static_cast<std::uint16_t>(close_code::policy);
      wire_.drop_unstarted();
      seal(code, {});
    }
  } else if (!sealed_) {
    wire_.insert_urgent(std::make_shared<const std::string>(std::move(bytes)));
  }
  wire_.flush();
  complete_beast_write(); // nothing was queued, or it had gone before
}

// Beast hears of its write when the kernel has it: while a pong waits, no more pings are read.
void websocket_session::complete_beast_write() {
  const auto& queue = wire_.queue();
  if (beast_write_ && !wire_.dead() && (sealed_ ? queue.empty() : !queue.urgent_waiting()))
    std::exchange(beast_write_, nullptr)->complete({}, beast_write_bytes_);
}

void websocket_session::on_written(bool writable) {
  complete_beast_write();
  if (!wire_.queue().empty())
    return;
  if (sealed_) {
    deadline_ = steady_clock::now() + home_->limits().close_timeout; // for the peer's close frame
  } else if (refused_ && writable) {
    refused_ = false;
    if (handler_)
      guarded("on_drained", [this] { handler_->on_drained(); });
  }
}

void websocket_session::on_write_failed() {
  decide(abnormal_closure);
  finish_soon();
}

// -- ending -----------------------------------------------------------------------------------

void websocket_session::sweep(time_point now) {
  const auto& limits = home_->limits();
  if (finished_)
    return;
  if (now >= deadline_)
    return finish(!wire_.queue().empty());
  if (parting_)
    return;
  if (!wire_.queue().empty()) {
    wire_.flush(); // for an owner that forgot
    if (wire_.dead())
      return;
    if (now - wire_.last_progress() >= limits.write_timeout) {
      decide(static_cast<std::uint16_t>(close_code::slow_consumer));
      return finish(true);
    }
  }
  if (sealed_)
    return;
  if (limits.heartbeat_timeout.count() > 0 && now - last_heard_ >= limits.heartbeat_timeout)
    return close(close_code::heartbeat_timeout, "nothing received");
  if (limits.heartbeat_interval.count() > 0 && now >= next_heartbeat_ && handler_) {
    next_heartbeat_ = now + limits.heartbeat_interval;
    // Not bound by the queue's limit: a slow reader must be asked too, or it would seem dead.
    // It is one small frame an interval, and a queue that does not move ends the connection.
    auto frames = home_->heartbeat();
    const std::size_t size = frames->size();
    wire_.append({std::move(frames), 0, size});
    wire_.flush();
  }
}

// Tells the owner. From the event loop only.
void websocket_session::conclude() {
  if (std::exchange(concluded_, true))
    return;
  decide(abnormal_closure);
  home_->shared().metrics.closed(final_code_).add();
  if (const auto handler = std::exchange(handler_, nullptr)) {
    // A peer that vanished has gone away: 1006 is not a code that anybody may send.
    const auto code = final_code_ == abnormal_closure ? close_code::going_away
                                                      : static_cast<close_code>(final_code_);
    guarded("on_closed", [&] { handler->on_closed(code); });
  }
}

void websocket_session::goodbye() {
  conclude();
  wire_.stop_writing();
  parting_ = true;
  deadline_ = steady_clock::now() + home_->limits().close_timeout;
  say_goodbye(wire_.socket(), shared_from_this(), [this] { finish(false); });
}

void websocket_session::finish(bool hard) {
  if (std::exchange(finished_, true))
    return;
  sealed_ = true;
  const auto self = shared_from_this(); // the station's reference may be the last one
  wire_.close(hard);
  if (auto write = std::exchange(beast_write_, nullptr))
    write->complete(net::error::operation_aborted, 0);
  conclude();
  place_ = {};
  --home_->shared().websockets;
  home_->shared().metrics.websocket_connections.add(-1);
  home_->remove(*this, true);
}

void websocket_session::finish_soon() {
  net::post(wire_.socket().get_executor(), [self = shared_from_this()] { self->finish(false); });
}

// A fault of a handler ends its connection, and nothing else.
template <class Call>
void websocket_session::guarded(const char* what, Call&& call) {
  try {
    return call();
  } catch (const std::exception& e) {
    log::error("client_handler_failed", {{"in", what}, {"what", e.what()}});
  } catch (...) {
    log::error("client_handler_failed", {{"in", what}, {"what", "not a std::exception"}});
  }
  close(close_code::internal, {});
}

} // namespace

void start_websocket(std::shared_ptr<station> home, accepted_upgrade upgrade) {
  const std::string host = std::move(upgrade.host);
  const std::string key = std::move(upgrade.key);
  auto made = std::make_shared<websocket_session>(home, std::move(upgrade));
  home->add(made);
  made->start(host, key);
}

} // namespace tradepulse::web
