#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>

namespace tradepulse {

struct delivery_window_limits {
  // Never fewer and never more records at a time than these.
  std::size_t least = 64;
  std::size_t most = 1'000'000;
  std::size_t usual = 8'192; // where nothing asks for more
  // How long a record may wait in the process until the sockets have it.
  std::chrono::milliseconds target{250};
};

// What one batch holds of the window; gives it back when its last owner lets go, which is when
// every event of it has been written to outboxes, or nobody wants it.
class passage;

// How many records may be between the log and the sockets. The credit does not bound that: it comes
// back when rows are committed, also where an I/O thread is behind with the same events, and what
// waits there would grow without end. The bound is a time, because the work of one event is that of
// all its subscribers: by what passed while a batch was under way the window is made so large that
// a record takes `target` through it. It grows beyond `usual` only while it is what holds up
// reading. Thread: any.
class delivery_window : public std::enable_shared_from_this<delivery_window> {
 public:
  using clock = std::chrono::steady_clock;

  // `opened` is called (from any thread, outside the lock) when reading may go on after allowance()
  // was 0.
  static std::shared_ptr<delivery_window> make(
      delivery_window_limits limits, std::function<void()> opened,
      std::function<clock::time_point()> now = [] { return clock::now(); });

  // How many records may be read now; 0: closed until half of the window is free.
  std::size_t allowance();
  std::shared_ptr<passage> take(std::size_t records);

  std::size_t in_flight() const;
  std::size_t size() const;

  // Tells nobody any more. Requires: what is left is let go by one thread.
  void disconnect() { opened_ = nullptr; }

 private:
  friend class passage;
  delivery_window(delivery_window_limits limits, std::function<void()> opened,
                  std::function<clock::time_point()> now);
  void give_back(const passage& from);
  void adapt(const passage& from);

  const delivery_window_limits limits_;
  std::function<void()> opened_;
  const std::function<clock::time_point()> now_;
  mutable std::mutex mutex_;
  std::size_t size_;
  std::size_t in_flight_ = 0;
  std::uint64_t passed_ = 0; // records, of all time
  bool closed_ = false;
  bool narrow_ = false; // it has been closed since it was adapted last
};

class passage {
 public:
  passage(std::shared_ptr<delivery_window> window, std::size_t records,
          delivery_window::clock::time_point entered, std::uint64_t passed_before)
      : window_(std::move(window)), records_(records), entered_(entered),
        passed_before_(passed_before) {}
  ~passage() { window_->give_back(*this); }
  passage(const passage&) = delete;
  passage& operator=(const passage&) = delete;

 private:
  friend class delivery_window;
  std::shared_ptr<delivery_window> window_;
  std::size_t records_;
  delivery_window::clock::time_point entered_;
  std::uint64_t passed_before_; // by others, when this one entered
};

} // namespace tradepulse
