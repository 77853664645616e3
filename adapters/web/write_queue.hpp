#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <sys/uio.h>

#include "protocol/ports/client_connection.hpp"

namespace tradepulse::web {

// The first frame border at or behind `at`, in a run of whole server frames (unmasked).
std::size_t frame_border(std::string_view frames, std::size_t at) noexcept;

// What waits for one socket, in the order in which it will leave. Pure data: who writes, and when,
// is client_socket's business.
// Guarantees: whatever is put in, what comes out is a run of whole frames.
// Thread: one.
class write_queue {
 public:
  bool empty() const noexcept { return head_ == pieces_.size(); }
  std::size_t bytes() const noexcept { return bytes_; }

  void append(frame_slice slice);
  // Puts a frame (a pong, the handshake answer) in front of everything that has not begun to leave:
  // right behind the frame that is half written.
  void insert_urgent(std::shared_ptr<const std::string> frame);
  // True while such a frame, or a part of it, has not left.
  bool urgent_waiting() const noexcept { return urgent_ > 0; }
  // Drops everything behind the frame that is half written.
  void drop_unstarted();

  // What leaves next, as pieces or as a copy.
  std::span<const iovec> gather(std::span<iovec> into) const noexcept;
  std::size_t copy(std::span<char> into) const noexcept;
  // That many bytes have left. Requires: at most bytes().
  void consume(std::size_t count) noexcept;

  void clear() noexcept;

 private:
  struct piece {
    std::shared_ptr<const std::string> bytes;
    std::size_t begin; // a frame border
    std::size_t at;    // what has left so far
    std::size_t end;
    bool urgent;
    std::size_t left() const noexcept { return end - at; }
  };

  // Where a new piece may go without cutting a frame: splits the half-written piece if need be.
  std::size_t first_gap();
  void shrink() noexcept;

  std::vector<piece> pieces_; // the first head_ of them have left
  std::size_t head_ = 0;
  std::size_t bytes_ = 0;
  std::size_t urgent_ = 0;
};

} // namespace tradepulse::web
