#include "adapters/web/websocket_writer.hpp"

#include <utility>

#include "adapters/web/close_frame.hpp"
#include "protocol/websocket_frame.hpp"

namespace tradepulse::web {
namespace {

constexpr std::uint16_t protocol_error = 1002; // Beast's word; ours is 1008, see the registry

} // namespace

push_outcome websocket_writer::push(frame_slice frames) {
  if (sealed_ || wire_.dead())
    return push_outcome::closed;
  const auto too_much = [&] {
    return !wire_.queue().empty() && wire_.queue().bytes() + frames.length > queue_bytes_;
  };
  if (too_much() && !wire_.waiting()) {
    wire_.flush(); // whoever pushes a lot between two flushes is not a slow client
    if (sealed_ || wire_.dead())
      return push_outcome::closed;
  }
  if (too_much()) {
    // The kernel takes no more, so a wait is pending and on_room() will come from it.
    refused_ = true;
    metrics_.refused_pushes.add();
    return push_outcome::refused;
  }
  wire_.append(std::move(frames));
  return push_outcome::accepted;
}

void websocket_writer::push_anyway(frame_slice frames) {
  if (sealed_ || wire_.dead())
    return;
  wire_.append(std::move(frames));
  wire_.flush();
}

void websocket_writer::seal(std::uint16_t code, std::string_view reason) {
  if (sealed_ || wire_.dead())
    return;
  append_close_frame(code, reason);
  wire_.flush();
}

void websocket_writer::append_close_frame(std::uint16_t code, std::string_view reason) {
  sealed_ = true;
  auto frame = std::make_shared<std::string>();
  websocket::append_close_frame(*frame, static_cast<close_code>(code), reason);
  const std::size_t size = frame->size();
  wire_.append({std::move(frame), 0, size});
  owner_.on_sealed(code);
}

void websocket_writer::write(std::string bytes, std::unique_ptr<pending_write> done,
                             std::uint16_t peers_code) {
  if (wire_.dead())
    return done->complete(net::error::operation_aborted, 0);
  readers_write_ = std::move(done);
  readers_write_bytes_ = bytes.size();
  if (is_close_frame(bytes)) {
    if (!sealed_) {
      // The peer's code, which Beast echoes, or what Beast found wrong. What waits is of no use to
      // a peer that has closed or broken the protocol.
      std::uint16_t code = code_in(bytes);
      if (code == protocol_error && peers_code != protocol_error)
        code = static_cast<std::uint16_t>(close_code::policy);
      wire_.drop_unstarted();
      append_close_frame(code, {});
    }
  } else if (!sealed_) {
    wire_.insert_urgent(std::make_shared<const std::string>(std::move(bytes)));
  }
  wire_.flush();
  complete_readers_write(); // nothing was queued, or it had gone before
}

// The reader hears of its write when the kernel has it: while a pong waits, no more pings are read.
void websocket_writer::complete_readers_write() {
  const auto& queue = wire_.queue();
  if (readers_write_ && !wire_.dead() && (sealed_ ? queue.empty() : !queue.urgent_waiting()))
    std::exchange(readers_write_, nullptr)->complete({}, readers_write_bytes_);
}

void websocket_writer::on_written(bool writable) {
  complete_readers_write();
  if (!wire_.queue().empty())
    return;
  if (sealed_) {
    owner_.on_close_sent();
  } else if (refused_ && writable) {
    refused_ = false;
    owner_.on_room();
  }
}

void websocket_writer::close(bool hard) {
  sealed_ = true;
  wire_.close(hard);
  if (const auto write = std::exchange(readers_write_, nullptr))
    write->complete(net::error::operation_aborted, 0);
}

} // namespace tradepulse::web
