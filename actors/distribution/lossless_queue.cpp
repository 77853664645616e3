#include "actors/distribution/lossless_queue.hpp"

#include <iterator>
#include <utility>

#include "actors/distribution/announced_gaps.hpp"

namespace tradepulse {

void lossless_queue::push(kept_frames piece) {
  through_ = piece.through;
  bytes_ += bytes_of(piece);
  pieces_.push_back(std::move(piece));
}

void lossless_queue::push_gaps(std::string frames, std::uint32_t count, stream_position through) {
  const std::size_t length = frames.size();
  push({{std::make_shared<const std::string>(std::move(frames)), 0, length}, through, 0, count});
}

void lossless_queue::add(const event_burst& burst) {
  const bool same_epoch = burst.epoch() == through_.epoch;
  const std::size_t first = same_epoch ? burst.first_above(through_.seq) : 0;
  const stream_position comes{burst.epoch(), burst.number_of(first)};
  auto announced = gaps_between(stream_, through_, comes, "missed");
  if (announced.count > 0)
    push_gaps(std::move(announced.frames), announced.count,
              {comes.epoch, sequence{comes.seq.value() - 1}});
  push({burst.encoded(numbers_as_strings_).from(first),
        {burst.epoch(), burst.last()},
        static_cast<std::uint32_t>(burst.count() - first),
        0});
}

void lossless_queue::add_move(const stream_head& now) {
  auto announced = gaps_of_move(stream_, through_, now);
  // Also where it says nothing: the subscription goes on from there.
  push_gaps(std::move(announced.frames), announced.count, now.position);
}

std::size_t lossless_queue::take(std::size_t bytes, handed_item& into) {
  std::size_t taken = 0;
  while (!pieces_.empty() && (into.kept.empty() || taken < bytes)) {
    taken += bytes_of(pieces_.front());
    into.kept.push_back(std::move(pieces_.front()));
    pieces_.pop_front();
  }
  bytes_ -= taken;
  into.through = into.kept.back().through;
  return taken;
}

void lossless_queue::put_back(handed_item item) {
  for (const auto& piece : item.kept)
    bytes_ += bytes_of(piece);
  pieces_.insert(pieces_.begin(), std::make_move_iterator(item.kept.begin()),
                 std::make_move_iterator(item.kept.end()));
}

} // namespace tradepulse
