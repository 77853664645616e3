#include "actors/distribution/announced_gaps.hpp"

#include "protocol/native_dialect.hpp"
#include "protocol/websocket_frame.hpp"

namespace tradepulse {

gaps_before announce(const subscription& of, const price_burst& burst, std::size_t first) {
  gaps_before out;
  const auto gap = [&](epoch in, sequence from, std::optional<sequence> to, const char* reason) {
    websocket::append_text_frame(out.frames, [&](std::string& text) {
      native::append_gap(text, of.symbol, in, from, to, reason);
    });
    ++out.count;
  };
  sequence due{of.position.seq.value() + 1};
  if (burst.epoch() != of.position.epoch) {
    if (of.position.epoch.value() > 0)
      gap(of.position.epoch, due, std::nullopt, "new_epoch");
    due = sequence{1};
  }
  if (const sequence comes = burst.events()[first].seq; comes > due)
    gap(burst.epoch(), due, sequence{comes.value() - 1}, "missed");
  return out;
}

} // namespace tradepulse
