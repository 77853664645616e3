#include "adapters/web/acceptor.hpp"

#include <cerrno>
#include <utility>

#include <boost/asio/ip/basic_resolver.hpp>

#include "adapters/web/http_session.hpp"
#include "protocol/log.hpp"

namespace tradepulse::web {
namespace {

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

acceptor::acceptor(std::shared_ptr<listener_state> listener, station_list stations)
    : listener_(std::move(listener)), stations_(std::move(stations)),
      socket_(stations_.front()->worker().context()),
      timer_(stations_.front()->worker().context()) {}

result<std::shared_ptr<acceptor>> acceptor::open(std::shared_ptr<listener_state> listener,
                                                 station_list stations) {
  std::shared_ptr<acceptor> made(new acceptor(std::move(listener), std::move(stations)));
  if (auto bound = made->bind(); !bound)
    return bound.failure();
  return made;
}

result<void> acceptor::bind() {
  const auto& options = listener_->options;
  error_code failed;
  net::ip::basic_resolver<net::ip::tcp, executor> resolver(socket_.get_executor());
  const auto found = resolver.resolve(options.host, std::to_string(options.port),
                                      net::ip::resolver_base::passive, failed);
  if (failed || found.empty())
    return cannot_listen(options, failed ? failed.message() : "no such host");
  std::vector<net::ip::tcp::endpoint> endpoints;
  for (const auto& one : found)
    endpoints.push_back(one.endpoint());
  if (const auto why = listen_on_one(socket_, endpoints))
    return cannot_listen(options, why.message());
  port_ = socket_.local_endpoint(failed).port();
  return {};
}

void acceptor::accept() {
  if (!socket_.is_open())
    return;
  const auto rest =
      way_.owed(processor_use_of_this_thread(), steady_clock::now().time_since_epoch());
  if (rest.count() == 0)
    return take();
  wait(rest, &acceptor::take);
}

void acceptor::take() {
  if (!socket_.is_open())
    return;
  const auto home = stations_[next_station_++ % stations_.size()];
  // Beside its own loop, the socket of an accepted connection lives on its station's.
  socket_.async_accept(home->worker().context().get_executor(),
                       [self = shared_from_this(), home](error_code failed, tcp_socket socket) {
                         self->accepted(failed, std::move(socket), home);
                       });
}

void acceptor::accepted(error_code failed, tcp_socket socket,
                        const std::shared_ptr<station>& home) {
  if (!socket_.is_open())
    return;
  if (failed && out_of_resources(failed))
    return pause(failed);
  if (!failed) {
    if (std::exchange(short_of_resources_, false))
      log::info("accept_resumed", {{"listener", listener_->options.name}});
    admit(std::move(socket), home);
  }
  accept(); // other errors are the peer's: it gave up before we came to it
}

void acceptor::admit(tcp_socket socket, const std::shared_ptr<station>& home) {
  auto& metrics = listener_->metrics;
  metrics.accepted.add();
  error_code ignored;
  socket.set_option(net::ip::tcp::no_delay(true), ignored);
  if (const int size = listener_->options.limits.send_buffer_bytes; size > 0)
    socket.set_option(net::socket_base::send_buffer_size(size), ignored);

  auto address = address_of(socket);
  connection_budget::ticket place;
  const auto verdict = listener_->options.budget->admit(address, place);
  if (verdict != connection_budget::verdict::admitted) {
    metrics
        .refused(verdict == connection_budget::verdict::full ? refusal::connections
                                                             : refusal::address)
        .add();
    if (listener_->lane_of_refused.fetch_add(1) >= lane_of_refused_places) {
      --listener_->lane_of_refused;
      metrics.refused(refusal::overflow).add();
      return;
    }
  }
  listener_->connection_opened();
  home->worker().post([home, verdict, address = std::move(address),
                       taken = std::make_shared<std::pair<tcp_socket, connection_budget::ticket>>(
                           std::move(socket), std::move(place))]() mutable {
    start_http(home, std::move(taken->first), std::move(address), std::move(taken->second),
               verdict);
  });
}

void acceptor::pause(const error_code& why) {
  listener_->metrics.accept_pauses.add();
  if (!std::exchange(short_of_resources_, true))
    log::error("accept_paused", {{"listener", listener_->options.name}, {"why", why.message()}});
  wait(accept_pause, &acceptor::take);
}

void acceptor::wait(std::chrono::nanoseconds time, void (acceptor::*then)()) {
  timer_.expires_after(time);
  timer_.async_wait([self = shared_from_this(), then](error_code failed) {
    if (!failed)
      (self.get()->*then)();
  });
}

void acceptor::close() {
  error_code ignored;
  socket_.close(ignored);
  timer_.cancel();
}

} // namespace tradepulse::web
