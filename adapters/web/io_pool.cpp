#include "adapters/web/io_pool.hpp"

#include <algorithm>

#include <pthread.h>
#include <signal.h>

#include <boost/asio/post.hpp>

#include "adapters/web/io_worker.hpp"
#include "protocol/carry_on.hpp"

namespace tradepulse::web {

io_worker::io_worker(std::string name)
    : name_(std::move(name)), work_(net::make_work_guard(context_)), pause_(context_) {}

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
  while (!carry_on("event loop", [this] { run_handlers(); })) {
  }
}

// Tasks are looked for behind each handler: events must not wait for a thousand clients that
// connect. Sockets then have as much time as the tasks took: neither keeps the other from its work.
void io_worker::run_handlers() {
  while (context_.run_one() > 0)
    if (has_tasks_.load(std::memory_order_relaxed) && steady_clock::now() >= sockets_until_)
      drain();
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
    has_tasks_.store(true, std::memory_order_relaxed);
    if (wake_posted_)
      return;
    wake_posted_ = true;
  }
  net::post(context_, [this] { wake(); });
}

void io_worker::post_behind(std::function<void()> task) {
  net::post(context_, [this, task = std::move(task)]() mutable {
    behind_.push_back(std::move(task));
    go_on_behind();
  });
}

void io_worker::go_on_behind() {
  if (next_is_due_ || behind_.empty())
    return;
  next_is_due_ = true;
  const auto rest =
      way_.owed(processor_use_of_this_thread(), steady_clock::now().time_since_epoch());
  if (rest.count() == 0)
    return net::post(context_, [this] { do_next_behind(); });
  pause_.expires_after(rest);
  pause_.async_wait([this](error_code) { do_next_behind(); });
}

void io_worker::do_next_behind() {
  next_is_due_ = false;
  const auto task = std::move(behind_.front());
  behind_.pop_front();
  carry_on("task", task);
  go_on_behind();
}

// Every handler that was ready before it has had its turn.
void io_worker::wake() {
  {
    std::lock_guard lock(mutex_);
    wake_posted_ = false;
  }
  drain();
}

// And what they have posted: what was pushed to sockets is written before others have their turn.
void io_worker::drain() {
  const auto began = steady_clock::now();
  run_tasks();
  run_tasks();
  const auto now = steady_clock::now();
  sockets_until_ = now + (now - began);
}

void io_worker::run_tasks() {
  {
    std::lock_guard lock(mutex_);
    taken_.swap(tasks_);
    has_tasks_.store(false, std::memory_order_relaxed);
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
