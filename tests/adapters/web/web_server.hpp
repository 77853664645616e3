#pragma once

#include <condition_variable>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "adapters/web/listener.hpp"
#include "protocol/websocket_frame.hpp"
#include "tests/adapters/web/raw_client.hpp"

namespace tradepulse::web::testing {

// Waits for something that another thread brings about.
template <class Condition>
bool eventually(Condition&& met) {
  std::mutex mutex;
  std::condition_variable never;
  const auto end = std::chrono::steady_clock::now() + patience;
  while (!met()) {
    if (std::chrono::steady_clock::now() > end)
      return false;
    std::unique_lock lock(mutex);
    never.wait_for(lock, std::chrono::milliseconds{1});
  }
  return true;
}

// Runs on an I/O thread and waits for it.
template <class Action>
auto on_thread(io_thread& thread, Action action) {
  std::packaged_task<decltype(action())()> task(std::move(action));
  auto done = task.get_future();
  auto shared = std::make_shared<decltype(task)>(std::move(task));
  thread.post([shared] { (*shared)(); });
  return done.get();
}

inline frame_slice text_slice(std::string_view payload) {
  auto bytes = std::make_shared<std::string>();
  websocket::append_frame(*bytes, websocket::opcode::text, payload);
  const std::size_t size = bytes->size();
  return {std::move(bytes), 0, size};
}

// One connection as its owner sees it.
class recorder : public client_handler {
 public:
  std::shared_ptr<tradepulse::outbox> out; // the I/O thread's
  client_info info;
  std::function<void(recorder&, std::string_view)> text_hook;
  std::function<void(recorder&)> drained_hook;

  void on_text(std::string_view message) override {
    {
      std::lock_guard lock(mutex_);
      texts_.emplace_back(message);
    }
    changed_.notify_all();
    if (text_hook)
      text_hook(*this, message);
  }
  void on_drained() override {
    {
      std::lock_guard lock(mutex_);
      ++drained_;
    }
    changed_.notify_all();
    if (drained_hook)
      drained_hook(*this);
  }
  void on_closed(close_code code) override {
    {
      std::lock_guard lock(mutex_);
      if (closed_)
        closed_twice_ = true;
      closed_ = code;
    }
    changed_.notify_all();
    out.reset();
  }

  std::optional<close_code> wait_closed() {
    wait([this] { return closed_.has_value(); });
    std::lock_guard lock(mutex_);
    return closed_twice_ ? std::nullopt : closed_;
  }
  bool closed_within(std::chrono::milliseconds time) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, time, [this] { return closed_.has_value(); });
  }
  std::vector<std::string> wait_texts(std::size_t count) {
    wait([this, count] { return texts_.size() >= count; });
    std::lock_guard lock(mutex_);
    return texts_;
  }
  bool wait_drained(int times) {
    return wait([this, times] { return drained_ >= times; });
  }
  int drained() {
    std::lock_guard lock(mutex_);
    return drained_;
  }
  bool open() {
    std::lock_guard lock(mutex_);
    return !closed_;
  }

 private:
  template <class Condition>
  bool wait(Condition met) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, patience, met);
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> texts_;
  int drained_ = 0;
  std::optional<close_code> closed_;
  bool closed_twice_ = false;
};

class recording_service : public client_service {
 public:
  std::function<void(recorder&)> opened_hook;
  bool refuses = false;

  std::shared_ptr<client_handler> opened(const client_info& client,
                                         std::shared_ptr<outbox> out) override {
    if (refuses)
      return nullptr;
    auto made = std::make_shared<recorder>();
    made->out = std::move(out);
    made->info = client;
    if (opened_hook)
      opened_hook(*made);
    std::lock_guard lock(mutex_);
    all_.push_back(made);
    changed_.notify_all();
    return made;
  }

  // The n-th connection, once it is there.
  std::shared_ptr<recorder> connection(std::size_t index = 0) {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, patience, [&] { return all_.size() > index; }))
      throw std::runtime_error("no such connection");
    return all_[index];
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::shared_ptr<recorder>> all_;
};

class function_service : public http_service {
 public:
  std::function<http_response(const http_request&)> answer;
  http_response handle(const http_request& request) override { return answer(request); }
};

// A listener on a free port with everything around it.
struct web_server {
  metrics::registry registry;
  recording_service clients;
  function_service http;
  listener_options options;
  io_pool pool;
  std::unique_ptr<listener> port;

  explicit web_server(std::size_t threads = 1) : pool(threads, "test-io") {
    options.http = &http;
    options.clients = &clients;
    options.websocket_paths = {"/", "/ws"};
    options.budget = connection_budget::make(1000, 0);
    options.limits.heartbeat_interval = std::chrono::milliseconds{0};
    options.limits.heartbeat_timeout = std::chrono::milliseconds{0};
    http.answer = [](const http_request& request) {
      http_response out;
      out.body = request.method + " " + request.path + " " + request.query + " " + request.body;
      out.content_type = "text/plain";
      out.route = "/echo";
      return out;
    };
  }
  void open() {
    auto opened = listener::open(pool, options, registry);
    if (!opened)
      throw std::runtime_error(opened.failure().detail);
    port = std::move(*opened);
  }
  std::uint16_t number() const { return port->port(); }

  std::uint64_t counter(std::string_view name, metrics::labels more = {}) {
    metrics::labels tags{{"listener", options.name}};
    tags.insert(tags.end(), more.begin(), more.end());
    return registry.make_counter(name, "", tags).value();
  }
  template <class Action>
  auto io(Action action) {
    return on_thread(pool.thread(0), std::move(action));
  }
};

} // namespace tradepulse::web::testing
