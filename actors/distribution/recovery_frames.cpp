#include "actors/distribution/recovery_frames.hpp"

#include <string>

#include "actors/distribution/announced_gaps.hpp"
#include "protocol/native_dialect.hpp"
#include "protocol/websocket_frame.hpp"

namespace tradepulse {
namespace {

frame_slice whole(std::string text) {
  const std::size_t length = text.size();
  return {std::make_shared<const std::string>(std::move(text)), 0, length};
}

void append_snapshot(std::string& out, const subscription& of, const head_ptr& shown) {
  if (const auto* price = price_of(shown.get()))
    websocket::append_text_frame(out, [&](std::string& text) {
      native::append_snapshot(text, *price, of.owner->numbers_as_strings);
    });
}

std::string text_of(stream_position at) {
  return "{" + std::to_string(at.epoch.value()) + ", " + std::to_string(at.seq.value()) + "}";
}

recovery_frames frames_of(const subscription& of, const burst_ptr& burst) {
  const bool new_epoch = burst->epoch() != of.position.epoch;
  const std::size_t first = new_epoch ? 0 : burst->first_above(of.position.seq);
  const std::size_t events = burst->count() - first;
  if (events == 0)
    return {};
  frame_slice frames = burst->encoded(of.owner->numbers_as_strings).from(first);
  if (!needs_gap(of, *burst, first))
    return {std::move(frames), events, 0};
  auto announced = announce(of, *burst, first, "expired");
  return {whole(announced.frames.append(frames.view())), events, announced.count};
}

recovery_frames frames_of(const subscription& of, const recovery::hole& due) {
  auto announced = announce_expired(of, due.to);
  append_snapshot(announced.frames, of, due.snapshot);
  return {whole(std::move(announced.frames)), 0, announced.count};
}

recovery_frames frames_of(const subscription& of, const recovery::refusal& due) {
  std::string out;
  websocket::append_text_frame(out, [&](std::string& text) {
    native::append_error(text, {}, errc::out_of_range,
                         "since " + text_of(due.asked) + " is above the highest position " +
                             text_of(due.highest) + "; the subscription goes on from there",
                         of.stream);
  });
  append_snapshot(out, of, due.snapshot);
  return {whole(std::move(out)), 0, 0};
}

} // namespace

recovery_frames frames_of(const subscription& of, const recovery::item& due) {
  return std::visit([&](const auto& each) { return frames_of(of, each); }, due);
}

} // namespace tradepulse
