#include "adapters/web/io_pool.hpp"

#include <algorithm>

#include <pthread.h>
#include <signal.h>

#include <boost/asio/post.hpp>

#include "adapters/web/io_worker.hpp"
#include "protocol/carry_on.hpp"

namespace tradepulse::web {

io_worker::io_worker(std::string name)
    : name_(std::move(name)), work_(net::make_work_guard(context_)) {}

void io_worker::start() {
  // Signals go to the thread that waits for them; a thread inherits the mask it is made under.
  sigset_t others{};
  sigset_t before{};
  sigemptyset(&others);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE})
    sigaddset(&others, signal);
  pthread_sigmask(SIG_BLOCK, &others, &before);
  thread_ = std::thread([this] { run(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void io_worker::run() {
  pthread_setname_np(pthread_self(), name_.substr(0, 15).c_str());
  // Beast 1.81 can throw out of a handler on a timeout; the loop must survive any handler.
  while (!carry_on("event loop", [this] { context_.run(); })) {
  }
}

void io_worker::stop() {
  context_.stop();
  if (thread_.joinable())
    thread_.join();
}

void io_worker::post(std::function<void()> task) {
  {
    std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
    if (drain_posted_)
      return;
    drain_posted_ = true;
  }
  net::post(context_, [this] { drain(); });
}

void io_worker::drain() {
  {
    std::lock_guard lock(mutex_);
    taken_.swap(tasks_);
    drain_posted_ = false;
  }
  for (auto& task : taken_) {
    carry_on("task", task);
    task = nullptr; // what it holds goes now, not with the last of them
  }
  taken_.clear();
}

io_pool::io_pool(std::size_t threads, std::string name) : impl_(std::make_unique<impl>()) {
  for (std::size_t i = 0; i < std::max<std::size_t>(threads, 1); ++i)
    impl_->workers.push_back(std::make_unique<io_worker>(name + "-" + std::to_string(i)));
  for (auto& worker : impl_->workers)
    worker->start();
}

io_pool::~io_pool() {
  stop();
}

std::size_t io_pool::size() const noexcept {
  return impl_->workers.size();
}

io_thread& io_pool::thread(std::size_t index) noexcept {
  return *impl_->workers[index];
}

void io_pool::stop() {
  for (auto& worker : impl_->workers)
    worker->stop();
  impl_->stopped = true;
}

} // namespace tradepulse::web
