#include "actors/distribution/announced_gaps.hpp"

#include "protocol/native_dialect.hpp"
#include "protocol/websocket_frame.hpp"

namespace tradepulse {

gaps_before gaps_between(const stream_key& stream, stream_position position, stream_position comes,
                         std::string_view reason) {
  gaps_before out;
  const auto gap = [&](epoch in, sequence from, std::optional<sequence> to, std::string_view why) {
    websocket::append_text_frame(out.frames, [&](std::string& text) {
      native::append_gap(text, stream, in, from, to, why);
    });
    ++out.count;
  };
  sequence due{position.seq.value() + 1};
  if (comes.epoch != position.epoch) {
    if (position.epoch.value() > 0)
      gap(position.epoch, due, std::nullopt, "new_epoch");
    due = sequence{1};
  }
  if (comes.seq > due)
    gap(comes.epoch, due, sequence{comes.seq.value() - 1}, reason);
  return out;
}

gaps_before announce(const subscription& of, const event_burst& burst, std::size_t first,
                     std::string_view reason) {
  return gaps_between(of.stream, of.position, {burst.epoch(), burst.number_of(first)}, reason);
}

gaps_before announce_expired(const subscription& of, stream_position to) {
  return gaps_between(of.stream, of.position, {to.epoch, sequence{to.seq.value() + 1}}, "expired");
}

gaps_before gaps_of_move(const stream_key& stream, stream_position position,
                         const stream_head& now) {
  const bool ends_epoch = position.epoch.value() > 0 && now.position.epoch != position.epoch;
  const sequence comes{ends_epoch && price_of(&now) ? 1 : now.position.seq.value() + 1};
  return gaps_between(stream, position, {now.position.epoch, comes}, "moved");
}

} // namespace tradepulse
