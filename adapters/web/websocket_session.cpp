#include "adapters/web/websocket_session.hpp"

#include <exception>
#include <utility>

#include <boost/asio/post.hpp>

#include "adapters/web/inbound_meter.hpp"
#include "adapters/web/linger.hpp"
#include "adapters/web/websocket_reader.hpp"
#include "adapters/web/websocket_writer.hpp"
#include "protocol/log.hpp"

namespace tradepulse::web {
namespace {

// One WebSocket between its reader, its writer and the handler that owns it.
//
// How it ends: somebody seals it (close(), the reader at a broken frame or at the peer's close
// frame), a close frame goes out behind what is queued, the reader goes on until the peer's close
// frame, the handler hears on_closed, FIN is said and waited for, the socket is closed. Each step
// has a deadline that sweep() keeps. The handler is never called from within its own call to the
// outbox.
class websocket_session final : public session,
                                public outbox,
                                public layer_host,
                                public websocket_reader::events,
                                public websocket_writer::events,
                                public std::enable_shared_from_this<websocket_session> {
 public:
  websocket_session(std::shared_ptr<station> home, accepted_upgrade upgrade)
      : home_(std::move(home)), place_(std::move(upgrade.place)),
        writer_(std::move(upgrade.socket), *this, home_->shared().metrics,
                home_->limits().outbound_queue_bytes),
        early_bytes_(std::move(upgrade.early_bytes)),
        reader_(*this, *this, home_->limits().message_bytes),
        meter_(home_->limits(), steady_clock::now()),
        next_heartbeat_(meter_.last_heard() + home_->limits().heartbeat_interval) {
    client_.id = connection_id{++home_->shared().pool.last_connection_id};
    client_.remote_address = std::move(upgrade.remote_address);
    client_.target = std::move(upgrade.target);
    client_.io_thread = home_->index();
    ++home_->shared().websockets;
    home_->shared().metrics.websocket_connections.add(1);
  }

  void start(const std::string& host, const std::string& key) { reader_.accept(host, key); }

  // outbox
  push_outcome push(frame_slice frames) override { return writer_.push(std::move(frames)); }
  void flush() override { writer_.flush(); }
  std::size_t queued_bytes() const noexcept override { return writer_.queued_bytes(); }
  void close(close_code code, std::string_view reason) override {
    writer_.seal(static_cast<std::uint16_t>(code), reason);
  }

  // session
  void sweep(time_point now) override;
  void drain(close_code code, const std::function<std::string()>& reason) override {
    if (!writer_.sealed())
      close(code, reason ? reason() : std::string());
  }
  void abort() override {
    decide(static_cast<std::uint16_t>(close_code::going_away));
    finish(true);
  }

  // websocket_writer::events
  void on_room() override;
  void on_sealed(std::uint16_t code) override;
  void on_close_sent() override;
  void on_write_failed() override;

  std::shared_ptr<void> keep_alive() override { return shared_from_this(); } // of both

  // websocket_reader::events
  void on_accepted() override;
  void on_message(std::string_view payload, bool is_text) override;
  void on_reading_end(reading_end how) override;

  // layer_host
  tcp_socket& socket() noexcept override { return writer_.socket(); }
  std::string& early_bytes() noexcept override { return early_bytes_; }
  void received(std::string_view bytes) override;
  bool reading_ended() const noexcept override { return flooded_; }
  void write(std::string bytes, std::unique_ptr<pending_write> done) override {
    writer_.write(std::move(bytes), std::move(done), reader_.peers_close_code());
  }
  void torn_down() noexcept override { writer_.stop(); }

 private:
  // The first cause is the one that is told.
  void decide(std::uint16_t code) noexcept {
    if (final_code_ == 0)
      final_code_ = code;
  }
  void conclude();
  void goodbye();
  void finish(bool hard);
  template <class Call>
  void guarded(const char* what, Call&& call);

  std::shared_ptr<station> home_;
  connection_budget::ticket place_;
  websocket_writer writer_;
  std::string early_bytes_;
  websocket_reader reader_;
  inbound_meter meter_;
  client_info client_;
  std::shared_ptr<client_handler> handler_;

  time_point next_heartbeat_;
  time_point deadline_ = time_point::max(); // of the present step of closing

  std::uint16_t final_code_ = 0; // 0: not decided
  bool flooded_ = false;
  bool concluded_ = false;
  bool parting_ = false; // FIN said
  bool finished_ = false;
};

// -- opening and reading ----------------------------------------------------------------------

void websocket_session::on_accepted() {
  if (finished_)
    return;
  if (home_->closing())
    home_->dismiss(*this); // it was accepted while the others were told
  if (!writer_.sealed()) {
    guarded("opened", [this] {
      handler_ = home_->shared().options.clients->opened(client_, shared_from_this());
    });
    if (!handler_)
      close(close_code::try_again_later, {});
  }
  reader_.start();
}

void websocket_session::on_message(std::string_view payload, bool is_text) {
  if (writer_.sealed())
    return;
  if (!is_text)
    return close(close_code::unsupported_data, "text frames only");
  home_->shared().metrics.messages_received.add();
  if (!meter_.take_message())
    return close(close_code::rate_limited, "too many messages; retry_after_ms=1000");
  guarded("on_text", [this, payload] { handler_->on_text(payload); });
}

void websocket_session::received(std::string_view bytes) {
  home_->shared().metrics.received_bytes.add(bytes.size());
  if (meter_.take_bytes(bytes, steady_clock::now()) || flooded_)
    return;
  flooded_ = true; // its window fills, and the flood stops by itself
  close(close_code::policy, "flood");
}

// The peer has gone, or the reader has ended the WebSocket (and has written its close frame).
void websocket_session::on_reading_end(reading_end how) {
  if (finished_)
    return;
  if (how == reading_end::closed_by_peer || writer_.sealed())
    decide(static_cast<std::uint16_t>(close_code::normal)); // where nobody has said a code
  if (how == reading_end::lost) {
    decide(abnormal_closure);
    return finish(false);
  }
  goodbye();
}

// -- writing ----------------------------------------------------------------------------------

void websocket_session::on_room() {
  if (handler_)
    guarded("on_drained", [this] { handler_->on_drained(); });
}

void websocket_session::on_sealed(std::uint16_t code) {
  decide(code);
  // However slowly it is read: a closed connection does not stay longer than a stalled one.
  deadline_ = steady_clock::now() + home_->limits().write_timeout;
}

void websocket_session::on_close_sent() {
  deadline_ = steady_clock::now() + home_->limits().close_timeout; // for the peer's close frame
}

void websocket_session::on_write_failed() {
  decide(abnormal_closure);
  net::post(socket().get_executor(), [self = shared_from_this()] { self->finish(false); });
}

// -- ending -----------------------------------------------------------------------------------

void websocket_session::sweep(time_point now) {
  const auto& limits = home_->limits();
  if (finished_)
    return;
  if (now >= deadline_)
    return finish(writer_.queued_bytes() != 0);
  if (parting_)
    return;
  if (writer_.queued_bytes() != 0) {
    writer_.flush(); // for an owner that forgot
    if (writer_.queued_bytes() != 0 && now - writer_.last_progress() >= limits.write_timeout) {
      decide(static_cast<std::uint16_t>(close_code::slow_consumer));
      return finish(true);
    }
  }
  if (writer_.sealed())
    return;
  if (limits.heartbeat_timeout.count() > 0 && now - meter_.last_heard() >= limits.heartbeat_timeout)
    return close(close_code::heartbeat_timeout, "nothing received");
  if (limits.heartbeat_interval.count() > 0 && now >= next_heartbeat_ && handler_) {
    next_heartbeat_ = now + limits.heartbeat_interval;
    // Not bound by the queue's limit: a slow reader must be asked too, or it would seem dead.
    // It is one small frame an interval, and a queue that does not move ends the connection.
    auto frames = home_->heartbeat();
    const std::size_t size = frames->size();
    writer_.push_anyway({std::move(frames), 0, size});
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
  writer_.stop();
  parting_ = true;
  deadline_ = steady_clock::now() + home_->limits().close_timeout;
  say_goodbye(socket(), shared_from_this(), [this] { finish(false); });
}

void websocket_session::finish(bool hard) {
  if (std::exchange(finished_, true))
    return;
  const auto self = shared_from_this(); // the station's reference may be the last one
  writer_.close(hard);
  conclude();
  place_ = {};
  --home_->shared().websockets;
  home_->shared().metrics.websocket_connections.add(-1);
  home_->remove(*this, true);
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
