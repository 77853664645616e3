#include "actors/distribution/conflation.hpp"

#include <utility>

#include "actors/distribution/announced_gaps.hpp"
#include "protocol/native_dialect.hpp"
#include "protocol/websocket_frame.hpp"

namespace tradepulse {
namespace {

constexpr std::size_t usual_update_bytes = 260;

} // namespace

stream_position conflation::drop_update() {
  stream_position out = through_;
  if (!is_empty(update_))
    out.seq = sequence{first_of(update_).value() - 1};
  update_ = {};
  return out;
}

void conflation::add(const event_burst& burst) {
  const bool same_epoch = burst.epoch() == through_.epoch;
  const std::size_t first = same_epoch ? burst.first_above(through_.seq) : 0;
  const stream_position comes{burst.epoch(), burst.number_of(first)};
  if (!same_epoch || comes.seq.value() != through_.seq.value() + 1) {
    // What is pending is dropped and named by the gap.
    auto announced = gaps_between(stream_, drop_update(), comes, "missed");
    preface_ += announced.frames;
    gaps_ += announced.count;
  }
  swallow(update_, burst, first);
  through_ = {burst.epoch(), burst.last()};
  waits_ = true;
}

void conflation::add_move(const stream_head& now) {
  auto announced = gaps_of_move(stream_, drop_update(), now);
  preface_ += announced.frames;
  gaps_ += announced.count;
  if (const auto* price = price_of(&now))
    websocket::append_text_frame(preface_, [&](std::string& text) {
      native::append_snapshot(text, *price, numbers_as_strings_);
    });
  through_ = now.position;
  waits_ = true;
}

std::size_t conflation::take(std::size_t, handed_item& into) {
  const std::size_t bytes = preface_.size() + (is_empty(update_) ? 0 : usual_update_bytes);
  into.preface = std::exchange(preface_, {});
  into.gaps = std::exchange(gaps_, 0U);
  into.update = std::exchange(update_, {});
  into.through = through_;
  waits_ = false;
  return bytes;
}

void conflation::put_back(handed_item item) {
  if (!preface_.empty())
    append_frame(item.preface, item.update, numbers_as_strings_);
  else if (!is_empty(item.update))
    update_ = is_empty(update_) ? item.update : merged(item.update, update_);
  preface_ = std::move(item.preface) + preface_;
  gaps_ += item.gaps;
  waits_ = true;
}

} // namespace tradepulse
