#include "adapters/spdlog/spdlog_sink.hpp"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <mutex>
#include <system_error>
#include <vector>

#include <spdlog/async_logger.h>
#include <spdlog/details/null_mutex.h>
#include <spdlog/details/periodic_worker.h>
#include <spdlog/details/thread_pool.h>
#include <spdlog/sinks/base_sink.h>

#include "adapters/spdlog/patient_writer.hpp"
#include "adapters/spdlog/repeat_limit.hpp"

namespace tradepulse::log {
namespace {

time_ms now_ms() {
  return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

spdlog::level::level_enum to_spdlog(level severity) noexcept {
  switch (severity) {
  case level::debug:
    return spdlog::level::debug;
  case level::info:
    return spdlog::level::info;
  case level::warning:
    return spdlog::level::warn;
  case level::error:
  case level::off:
    break;
  }
  return spdlog::level::err;
}

// Runs on the writer thread alone, so it needs no lock.
class descriptor_sink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
 public:
  descriptor_sink(int descriptor, bool owned, line_format format)
      : writer_(descriptor, owned), format_(format) {}

  // Set before the first line. The queue joins the thread that writes when it ends: it outlives
  // each line, and must not be owned by that thread, not even for a moment.
  void watch(spdlog::details::thread_pool& queue) { queue_ = &queue; }

  std::uint64_t unwritten() const noexcept { return unwritten_.load(std::memory_order_relaxed); }

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    tell_of_lost_lines();
    line_.assign(message.payload.data(), message.payload.size());
    line_ += '\n';
    if (!writer_.write(line_))
      unwritten_.fetch_add(1, std::memory_order_relaxed);
  }
  void flush_() override {} // each line is written at once

 private:
  void tell_of_lost_lines() {
    const std::uint64_t lost = unwritten() + (queue_ ? queue_->overrun_counter() : 0);
    if (lost == told_)
      return;
    auto line =
        to_line(format_, now_ms(), level::warning, "log_lines_lost", {{"lines", lost - told_}});
    line += '\n';
    if (writer_.write(line))
      told_ = lost;
  }

  patient_writer writer_;
  const line_format format_;
  spdlog::details::thread_pool* queue_ = nullptr;
  std::atomic<std::uint64_t> unwritten_{0};
  std::uint64_t told_ = 0;
  std::string line_;
};

// Threads that are made meanwhile take no signal: those are for the thread that waits for them, and
// a closed standard error must not end the process by SIGPIPE.
class signals_blocked {
 public:
  signals_blocked() noexcept {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~signals_blocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  signals_blocked(const signals_blocked&) = delete;
  signals_blocked& operator=(const signals_blocked&) = delete;

 private:
  sigset_t before_{};
};

} // namespace

struct spdlog_sink::state {
  state(const sink_options& options, int descriptor, bool owned)
      : format(options.format), window(options.repeat_window),
        output(std::make_shared<descriptor_sink>(descriptor, owned, options.format)),
        repeats(options.repeat_limit, options.repeat_window) {
    const signals_blocked while_threads_are_made;
    pool = std::make_shared<spdlog::details::thread_pool>(options.queue_lines, 1);
    output->watch(*pool);
    logger = std::make_shared<spdlog::async_logger>("tradepulse", output, pool,
                                                    spdlog::async_overflow_policy::overrun_oldest);
    logger->set_level(spdlog::level::trace);
    logger->set_error_handler([](const std::string&) {}); // the default one prints and may block
    sweep = std::make_unique<spdlog::details::periodic_worker>([this] { tell_ended_windows(); },
                                                               std::chrono::seconds(1));
  }

  ~state() {
    sweep.reset();
    for (const auto& what : repeats.take_all())
      post_left_out(what);
    pool.reset(); // writes what waits and joins
  }

  void post(level severity, const std::string& line) noexcept {
    try {
      logger->log(to_spdlog(severity), spdlog::string_view_t(line.data(), line.size()));
    } catch (...) { // no memory
      unposted.fetch_add(1, std::memory_order_relaxed);
    }
  }

  void post_left_out(const repeat_limit::left_out& what) {
    post(what.severity, to_line(format, now_ms(), what.severity, "repeats_left_out",
                                {{"of", what.event},
                                 {"of_level", to_string(what.severity)},
                                 {"count", what.count},
                                 {"window_seconds", window.count()}}));
  }

  void tell_ended_windows() noexcept {
    try {
      std::unique_lock lock(mutex);
      const auto ended = repeats.take_ended(std::chrono::steady_clock::now());
      lock.unlock();
      for (const auto& what : ended)
        post_left_out(what);
    } catch (...) { // no memory: told with the metric
    }
  }

  const line_format format;
  const std::chrono::seconds window;
  const std::shared_ptr<descriptor_sink> output;
  std::shared_ptr<spdlog::details::thread_pool> pool;
  std::shared_ptr<spdlog::async_logger> logger;
  std::mutex mutex; // guards repeats
  log::repeat_limit repeats;
  std::atomic<std::uint64_t> left_out{0};
  std::atomic<std::uint64_t> unposted{0};
  std::unique_ptr<spdlog::details::periodic_worker> sweep;
};

result<std::unique_ptr<spdlog_sink>> spdlog_sink::open(const sink_options& options) {
  int descriptor = STDERR_FILENO;
  if (!options.file.empty()) {
    descriptor =
        ::open(options.file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0644);
    if (descriptor < 0)
      return tradepulse::error{errc::io, "log file \"" + options.file +
                                             "\": " + std::generic_category().message(errno)};
  }
  return std::unique_ptr<spdlog_sink>(
      new spdlog_sink(std::make_unique<state>(options, descriptor, !options.file.empty())));
}

spdlog_sink::spdlog_sink(std::unique_ptr<state> s) : state_(std::move(s)) {}
spdlog_sink::~spdlog_sink() = default;

void spdlog_sink::write(level severity, std::string_view event,
                        std::initializer_list<field> fields) {
  try {
    {
      std::lock_guard lock(state_->mutex);
      if (!state_->repeats.admit(severity, event, std::chrono::steady_clock::now())) {
        state_->left_out.fetch_add(1, std::memory_order_relaxed);
        return;
      }
    }
    state_->post(severity, to_line(state_->format, now_ms(), severity, event, fields));
  } catch (...) { // no memory
    state_->unposted.fetch_add(1, std::memory_order_relaxed);
  }
}

std::uint64_t spdlog_sink::left_out() const noexcept {
  return state_->left_out.load(std::memory_order_relaxed);
}

std::uint64_t spdlog_sink::lost() const noexcept {
  return state_->output->unwritten() + state_->pool->overrun_counter() +
         state_->unposted.load(std::memory_order_relaxed);
}

} // namespace tradepulse::log
