#include "adapters/web/station.hpp"

#include <algorithm>
#include <limits>

#include "protocol/websocket_frame.hpp"

namespace tradepulse::web {
namespace {

constexpr std::size_t no_slot = std::numeric_limits<std::size_t>::max();
// 256 close frames are about a millisecond of an I/O thread.
constexpr std::size_t goodbyes_at_a_time = 256;

} // namespace

station::station(std::shared_ptr<listener_state> shared, io_worker& worker, std::size_t index)
    : shared_(std::move(shared)), worker_(worker), index_(index), timer_(worker.context()) {}

void station::start() {
  arm_sweep();
}

void station::add(std::shared_ptr<session> one) {
  one->slot_ = sessions_.size();
  sessions_.push_back(std::move(one));
}

void station::remove(session& one, bool ended) {
  if (one.slot_ == no_slot)
    return;
  const std::size_t slot = one.slot_;
  one.slot_ = no_slot;
  const auto kept = std::move(sessions_[slot]); // it may be the last reference: goes at the end
  if (slot + 1 != sessions_.size()) {
    sessions_[slot] = std::move(sessions_.back());
    sessions_[slot]->slot_ = slot;
  }
  sessions_.pop_back();
  if (ended)
    shared_->connection_closed();
}

void station::arm_sweep() {
  timer_.expires_after(sweep_interval(limits()));
  timer_.async_wait([self = shared_from_this()](error_code failed) {
    if (!failed && !self->stopped_)
      self->sweep();
  });
}

void station::sweep() {
  arm_sweep(); // first: a session that throws must not stop the clock of the others
  heartbeat_.reset();
  const auto now = steady_clock::now();
  // From the end: a session that leaves is replaced by one that was looked at already.
  for (std::size_t i = sessions_.size(); i-- > 0;) {
    if (i >= sessions_.size())
      continue;
    const auto one = sessions_[i];
    one->sweep(now);
  }
}

std::shared_ptr<const std::string> station::heartbeat() {
  if (!heartbeat_) {
    auto frames = std::make_shared<std::string>();
    websocket::append_frame(*frames, websocket::opcode::ping, {});
    if (const auto& text = shared_->options.heartbeat_text) {
      const auto now =
          std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
      websocket::append_frame(*frames, websocket::opcode::text, text(now));
    }
    heartbeat_ = std::move(frames);
  }
  return heartbeat_;
}

void station::close_all(close_code code, reason_source reason) {
  closing_code_ = code;
  closing_reason_ = std::move(reason);
  auto everyone = std::make_shared<std::vector<std::weak_ptr<session>>>();
  everyone->assign(sessions_.begin(), sessions_.end());
  close_some(std::move(everyone));
}

void station::close_some(std::shared_ptr<std::vector<std::weak_ptr<session>>> left) {
  for (std::size_t i = 0; i < goodbyes_at_a_time && !left->empty(); ++i) {
    const auto one = left->back().lock();
    left->pop_back();
    if (one)
      dismiss(*one);
  }
  if (!left->empty())
    worker_.post([self = shared_from_this(), left] { self->close_some(left); });
}

void station::abort_all() {
  stopped_ = true;
  timer_.cancel();
  while (!sessions_.empty()) {
    const auto one = sessions_.back();
    one->abort();
    remove(*one, true); // abort() has done so already, unless it failed
  }
}

} // namespace tradepulse::web
