#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "protocol/ports/client_connection.hpp"

namespace tradepulse::web {

// The I/O threads that listeners live on. Each runs an event loop of its own; a connection stays
// with the thread that it was given to.
// Lifetime: outlives its listeners and everyone who posts to its threads.
class io_pool {
 public:
  // Starts `threads` (at least 1) threads called `name`-0, `name`-1, ... They leave SIGINT,
  // SIGTERM, SIGHUP and SIGPIPE to others.
  explicit io_pool(std::size_t threads, std::string name = "io");
  ~io_pool();
  io_pool(const io_pool&) = delete;
  io_pool& operator=(const io_pool&) = delete;

  std::size_t size() const noexcept;
  // post(): many posts cost one wake-up; a task that throws is logged and the next one runs.
  io_thread& thread(std::size_t index) noexcept;

  // Ends the loops behind the handler they are in; what is posted later never runs. May be called
  // twice. Blocks: until the threads are joined. Not from one of them.
  void stop();

  struct impl;
  impl& internals() noexcept { return *impl_; }

 private:
  std::unique_ptr<impl> impl_;
};

} // namespace tradepulse::web
