#include "adapters/web/write_queue.hpp"

#include <algorithm>
#include <cstring>

#include "protocol/expects.hpp"

namespace tradepulse::web {

std::size_t frame_border(std::string_view frames, std::size_t at) noexcept {
  std::size_t border = 0;
  while (border < at) {
    if (frames.size() - border < 2)
      return frames.size();
    const auto octet = [&](std::size_t i) {
      return static_cast<std::size_t>(static_cast<unsigned char>(frames[border + i]));
    };
    std::size_t length = octet(1) & 0x7f;
    const std::size_t extended = length == 126 ? 2 : length == 127 ? 8 : 0;
    if (frames.size() - border < 2 + extended)
      return frames.size();
    if (extended != 0) {
      length = 0;
      for (std::size_t i = 0; i < extended; ++i)
        length = (length << 8) | octet(2 + i);
    }
    if (frames.size() - border - 2 - extended < length)
      return frames.size();
    border += 2 + extended + length;
  }
  return border;
}

void write_queue::append(frame_slice slice) {
  if (slice.length == 0)
    return;
  const std::size_t end = slice.offset + slice.length;
  bytes_ += slice.length;
  pieces_.push_back({std::move(slice.bytes), slice.offset, slice.offset, end, false});
}

std::size_t write_queue::first_gap() {
  if (empty())
    return head_;
  const piece front = pieces_[head_];
  if (front.at == front.begin)
    return head_;
  // An urgent piece is whole (one frame, or the handshake's answer, which is no frame).
  const std::string_view frames(front.bytes->data() + front.begin, front.end - front.begin);
  const std::size_t border =
      front.urgent ? front.end : front.begin + frame_border(frames, front.at - front.begin);
  if (border < front.end) {
    pieces_[head_].end = border;
    piece rest = front;
    rest.begin = rest.at = border;
    pieces_.insert(pieces_.begin() + static_cast<std::ptrdiff_t>(head_ + 1), std::move(rest));
    // A border can be where the written part ends: then nothing is half written.
    if (pieces_[head_].left() == 0) {
      pieces_[head_].bytes.reset();
      ++head_;
      return head_;
    }
  }
  return head_ + 1;
}

void write_queue::insert_urgent(std::shared_ptr<const std::string> frame) {
  const std::size_t size = frame->size();
  const std::size_t gap = first_gap();
  pieces_.insert(pieces_.begin() + static_cast<std::ptrdiff_t>(gap),
                 piece{std::move(frame), 0, 0, size, true});
  bytes_ += size;
  ++urgent_;
}

void write_queue::drop_unstarted() {
  const std::size_t gap = first_gap();
  for (std::size_t i = gap; i < pieces_.size(); ++i) {
    bytes_ -= pieces_[i].left();
    urgent_ -= pieces_[i].urgent ? 1U : 0U;
  }
  pieces_.erase(pieces_.begin() + static_cast<std::ptrdiff_t>(gap), pieces_.end());
}

std::span<const iovec> write_queue::gather(std::span<iovec> into) const noexcept {
  const std::size_t count = std::min(into.size(), pieces_.size() - head_);
  for (std::size_t i = 0; i < count; ++i) {
    const piece& p = pieces_[head_ + i];
    into[i].iov_base = const_cast<char*>(p.bytes->data() + p.at);
    into[i].iov_len = p.left();
  }
  return into.first(count);
}

std::size_t write_queue::copy(std::span<char> into) const noexcept {
  std::size_t copied = 0;
  for (std::size_t i = head_; i < pieces_.size() && copied < into.size(); ++i) {
    const piece& p = pieces_[i];
    const std::size_t part = std::min(p.left(), into.size() - copied);
    std::memcpy(into.data() + copied, p.bytes->data() + p.at, part);
    copied += part;
  }
  return copied;
}

void write_queue::consume(std::size_t count) noexcept {
  bytes_ -= count;
  while (head_ < pieces_.size() && count >= pieces_[head_].left()) {
    piece& front = pieces_[head_];
    count -= front.left();
    urgent_ -= front.urgent ? 1U : 0U;
    front.bytes.reset();
    ++head_;
  }
  if (head_ < pieces_.size())
    pieces_[head_].at += count;
  shrink();
}

// An idle connection keeps almost nothing, a busy one its capacity.
void write_queue::shrink() noexcept {
  constexpr std::size_t kept_capacity = 16;
  if (head_ == pieces_.size()) {
    head_ = 0;
    if (pieces_.capacity() > kept_capacity)
      std::vector<piece>().swap(pieces_);
    else
      pieces_.clear();
  } else if (head_ >= 64 && head_ >= pieces_.size() / 2) {
    pieces_.erase(pieces_.begin(), pieces_.begin() + static_cast<std::ptrdiff_t>(head_));
    head_ = 0;
  }
}

void write_queue::clear() noexcept {
  std::vector<piece>().swap(pieces_);
  head_ = bytes_ = urgent_ = 0;
}

} // namespace tradepulse::web
