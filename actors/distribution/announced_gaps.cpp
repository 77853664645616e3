#include "actors/distribution/announced_gaps.hpp"

#include "protocol/native_dialect.hpp"
#include "protocol/websocket_frame.hpp"

namespace tradepulse {

std::string gaps_before(const subscription& of, const price_burst& burst, std::size_t first) {
  std::string out;
  sequence due{of.position.seq.value() + 1};
  if (burst.epoch() != of.position.epoch) {
    if (of.position.epoch.value() > 0)
      websocket::append_text_frame(out, [&](std::string& text) {
        native::append_gap(text, of.symbol, of.position.epoch, due, std::nullopt, "new_epoch");
      });
    due = sequence{1};
  }
  if (const sequence comes = burst.events()[first].seq; comes > due)
    websocket::append_text_frame(out, [&](std::string& text) {
      native::append_gap(text, of.symbol, burst.epoch(), due, sequence{comes.value() - 1},
                         "missed");
    });
  return out;
}

} // namespace tradepulse
