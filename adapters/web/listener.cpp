#include "adapters/web/listener.hpp"

#include <future>
#include <mutex>
#include <utility>

#include "adapters/web/acceptor.hpp"
#include "adapters/web/station.hpp"
#include "protocol/expects.hpp"
#include "protocol/log.hpp"

namespace tradepulse::web {

struct listener::impl {
  impl(std::shared_ptr<listener_state> shared, station_list homes, std::shared_ptr<acceptor> open)
      : state(std::move(shared)), stations(std::move(homes)), door(std::move(open)) {}

  // Runs on every I/O thread. Blocks: until all have done so. Not from one of them.
  void on_every_thread(const std::function<void(station&)>& action);
  // Through the first thread, so that a socket it is handing over is there before us: nobody comes
  // behind us, where no timer watches.
  void post_behind_the_door(std::function<void(station&)> action);

  const std::shared_ptr<listener_state> state;
  const station_list stations;
  const std::shared_ptr<acceptor> door;
};

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

void listener::impl::post_behind_the_door(std::function<void(station&)> action) {
  stations.front()->worker().post([all = stations, action = std::move(action)] {
    for (const auto& one : all)
      one->worker().post([one, action] { action(*one); });
  });
}

result<std::unique_ptr<listener>> listener::open(io_pool& pool, listener_options options,
                                                 metrics::registry& registry) {
  TRADEPULSE_EXPECTS(options.budget != nullptr);
  auto state = std::make_shared<listener_state>(std::move(options), registry, pool.internals());
  station_list stations;
  for (const auto& worker : pool.internals().workers)
    stations.push_back(std::make_shared<station>(state, *worker, stations.size()));
  auto door = acceptor::open(state, stations);
  if (!door)
    return door.failure();
  for (const auto& one : stations)
    one->worker().post([one] { one->start(); });
  stations.front()->worker().post([door = *door] { door->accept(); });
  log::info("listening", {{"listener", state->options.name},
                          {"host", state->options.host},
                          {"port", (*door)->port()}});
  return std::unique_ptr<listener>(
      new listener(std::make_shared<impl>(std::move(state), std::move(stations), *door)));
}

listener::listener(std::shared_ptr<impl> open_one) : impl_(std::move(open_one)) {}

listener::~listener() {
  impl_->state->draining = true;
  impl_->on_every_thread([this](station& one) {
    if (one.index() == 0)
      impl_->door->close();
  });
  // Behind the hand-over of the last accepted socket: posts of one thread run in their order.
  impl_->on_every_thread([](station& one) { one.abort_all(); });
}

std::uint16_t listener::port() const noexcept {
  return impl_->door->port();
}

void listener::stop_accepting() {
  impl_->state->draining = true;
  impl_->stations.front()->worker().post([door = impl_->door] { door->close(); });
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
  impl_->post_behind_the_door(
      [code, guarded_reason](station& one) { one.close_all(code, guarded_reason); });
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
  impl_->post_behind_the_door([](station& one) { one.abort_all(); });
}

} // namespace tradepulse::web
