#include "adapters/web/listener.hpp"

#include <atomic>
#include <cerrno>
#include <future>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/ip/basic_resolver.hpp>

#include "adapters/web/http_session.hpp"
#include "adapters/web/station.hpp"
#include "protocol/expects.hpp"
#include "protocol/log.hpp"

namespace tradepulse::web {
namespace {

using acceptor_type = net::basic_socket_acceptor<net::ip::tcp, executor>;
using timer_type =
    net::basic_waitable_timer<steady_clock, net::wait_traits<steady_clock>, executor>;

// Without descriptors or memory, how long until accepting is tried again.
constexpr std::chrono::milliseconds accept_pause{100};
// Connections over the budget that are told so at one time; more are closed without a word.
constexpr std::size_t lane_of_refused_places = 64;

error cannot_listen(const listener_options& options, const std::string& why) {
  return {errc::io,
          "cannot listen on " + options.host + ":" + std::to_string(options.port) + ": " + why};
}

bool out_of_resources(const error_code& failed) {
  const int code = failed.value();
  return code == EMFILE || code == ENFILE || code == ENOBUFS || code == ENOMEM;
}

std::string address_of(const tcp_socket& socket) {
  error_code failed;
  const auto peer = socket.remote_endpoint(failed);
  if (failed)
    return {};
  auto address = peer.address();
  if (address.is_v6() && address.to_v6().is_v4_mapped())
    address = net::ip::make_address_v4(net::ip::v4_mapped, address.to_v6());
  return address.to_string();
}

} // namespace

struct listener::impl : std::enable_shared_from_this<listener::impl> {
  impl(io_pool& threads, listener_options options, metrics::registry& registry)
      : state(std::make_shared<listener_state>(std::move(options), registry, threads.internals())),
        acceptor(threads.internals().workers.front()->context()),
        pause(threads.internals().workers.front()->context()) {
    auto& workers = threads.internals().workers;
    for (std::size_t i = 0; i < workers.size(); ++i)
      stations.push_back(std::make_shared<station>(state, *workers[i], i));
  }

  result<void> bind();
  void start();
  void accept();
  void accepted(error_code failed, tcp_socket socket, std::shared_ptr<station> home);
  void admit(tcp_socket socket, const std::shared_ptr<station>& home);
  void pause_accepting(const error_code& why);
  // Runs on every I/O thread. Blocks: until all have done so. Not from one of them.
  void on_every_thread(const std::function<void(station&)>& action);
  void close_acceptor();

  std::shared_ptr<listener_state> state;
  std::vector<std::shared_ptr<station>> stations;
  // The first I/O thread's.
  acceptor_type acceptor;
  timer_type pause;
  std::size_t next_station = 0;
  bool short_of_resources = false;

  std::uint16_t port = 0;
};

result<void> listener::impl::bind() {
  const auto& options = state->options;
  error_code failed;
  net::ip::basic_resolver<net::ip::tcp, executor> resolver(acceptor.get_executor());
  const auto found = resolver.resolve(options.host, std::to_string(options.port),
                                      net::ip::resolver_base::passive, failed);
  if (failed || found.empty())
    return cannot_listen(options, failed ? failed.message() : "no such host");
  const auto endpoint = found.begin()->endpoint();
  acceptor.open(endpoint.protocol(), failed);
  if (!failed)
    acceptor.set_option(net::socket_base::reuse_address(true), failed);
  if (!failed)
    acceptor.bind(endpoint, failed);
  if (!failed)
    acceptor.listen(net::socket_base::max_listen_connections, failed);
  if (failed)
    return cannot_listen(options, failed.message());
  port = acceptor.local_endpoint(failed).port();
  return {};
}

void listener::impl::start() {
  for (const auto& one : stations)
    one->worker().post([one] { one->start(); });
  stations.front()->worker().post([self = shared_from_this()] { self->accept(); });
}

void listener::impl::accept() {
  if (!acceptor.is_open())
    return;
  const auto home = stations[next_station++ % stations.size()];
  // Beside its own loop, the socket of an accepted connection lives on its station's.
  acceptor.async_accept(home->worker().context().get_executor(),
                        [self = shared_from_this(), home](error_code failed, tcp_socket socket) {
                          self->accepted(failed, std::move(socket), home);
                        });
}

void listener::impl::accepted(error_code failed, tcp_socket socket, std::shared_ptr<station> home) {
  if (!acceptor.is_open())
    return;
  if (failed && out_of_resources(failed))
    return pause_accepting(failed);
  if (!failed) {
    if (std::exchange(short_of_resources, false))
      log::info("accept_resumed", {{"listener", state->options.name}});
    admit(std::move(socket), home);
  }
  accept(); // other errors are the peer's: it gave up before we came to it
}

void listener::impl::admit(tcp_socket socket, const std::shared_ptr<station>& home) {
  auto& metrics = state->metrics;
  metrics.accepted.add();
  error_code ignored;
  socket.set_option(net::ip::tcp::no_delay(true), ignored);
  if (const int size = state->options.limits.send_buffer_bytes; size > 0)
    socket.set_option(net::socket_base::send_buffer_size(size), ignored);

  auto address = address_of(socket);
  connection_budget::ticket place;
  const auto verdict = state->options.budget->admit(address, place);
  if (verdict != connection_budget::verdict::admitted) {
    metrics
        .refused(verdict == connection_budget::verdict::full ? refusal::connections
                                                             : refusal::address)
        .add();
    if (state->lane_of_refused.fetch_add(1) >= lane_of_refused_places) {
      --state->lane_of_refused;
      metrics.refused(refusal::overflow).add();
      return;
    }
  }
  state->connection_opened();
  home->worker().post([home, verdict, address = std::move(address),
                       taken = std::make_shared<std::pair<tcp_socket, connection_budget::ticket>>(
                           std::move(socket), std::move(place))]() mutable {
    start_http(home, std::move(taken->first), std::move(address), std::move(taken->second),
               verdict);
  });
}

void listener::impl::pause_accepting(const error_code& why) {
  state->metrics.accept_pauses.add();
  if (!std::exchange(short_of_resources, true))
    log::error("accept_paused", {{"listener", state->options.name}, {"why", why.message()}});
  pause.expires_after(accept_pause);
  pause.async_wait([self = shared_from_this()](error_code failed) {
    if (!failed)
      self->accept();
  });
}

void listener::impl::on_every_thread(const std::function<void(station&)>& action) {
  if (state->pool.stopped) {
    for (const auto& one : stations)
      action(*one); // their threads are gone
    return;
  }
  std::vector<std::future<void>> done;
  for (const auto& one : stations) {
    auto finished = std::make_shared<std::promise<void>>();
    done.push_back(finished->get_future());
    one->worker().post([one, finished, &action] {
      action(*one);
      finished->set_value();
    });
  }
  for (auto& one : done)
    one.wait();
}

void listener::impl::close_acceptor() {
  error_code ignored;
  acceptor.close(ignored);
  pause.cancel();
}

result<std::unique_ptr<listener>> listener::open(io_pool& pool, listener_options options,
                                                 metrics::registry& registry) {
  TRADEPULSE_EXPECTS(options.budget != nullptr);
  auto made = std::make_shared<impl>(pool, std::move(options), registry);
  if (auto bound = made->bind(); !bound)
    return bound.failure();
  made->start();
  log::info("listening", {{"listener", made->state->options.name},
                          {"host", made->state->options.host},
                          {"port", made->port}});
  return std::unique_ptr<listener>(new listener(std::move(made)));
}

listener::listener(std::shared_ptr<impl> open_one) : impl_(std::move(open_one)) {}

listener::~listener() {
  impl_->state->draining = true;
  impl_->on_every_thread([this](station& one) {
    if (one.index() == 0)
      impl_->close_acceptor();
  });
  // Behind the hand-over of the last accepted socket: posts of one thread run in their order.
  impl_->on_every_thread([](station& one) { one.abort_all(); });
}

std::uint16_t listener::port() const noexcept {
  return impl_->port;
}

void listener::stop_accepting() {
  impl_->state->draining = true;
  impl_->stations.front()->worker().post([self = impl_] { self->close_acceptor(); });
}

void listener::close_all(close_code code, std::function<std::string()> reason) {
  stop_accepting();
  // One call at a time: a generator of jitter need not be thread-safe.
  auto guard = std::make_shared<std::mutex>();
  const auto guarded_reason =
      std::make_shared<const std::function<std::string()>>([guard, reason = std::move(reason)] {
        std::lock_guard lock(*guard);
        return reason ? reason() : std::string();
      });
  // Through the first thread, so that a socket it is handing over is there before us.
  impl_->stations.front()->worker().post([self = impl_, code, guarded_reason] {
    for (const auto& one : self->stations)
      one->worker().post([one, code, guarded_reason] { one->close_all(code, guarded_reason); });
  });
}

std::size_t listener::sessions() const noexcept {
  return impl_->state->websockets;
}

std::size_t listener::connections() const noexcept {
  return impl_->state->connections();
}

bool listener::wait_until_empty(std::chrono::milliseconds deadline) {
  return impl_->state->wait_until_empty(deadline);
}

void listener::abort_all() {
  stop_accepting();
  // Through the first thread, as in close_all(): nobody comes behind us, where no timer watches.
  impl_->stations.front()->worker().post([self = impl_] {
    for (const auto& one : self->stations)
      one->worker().post([one] { one->abort_all(); });
  });
}

} // namespace tradepulse::web
