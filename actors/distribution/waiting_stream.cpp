#include "actors/distribution/waiting_stream.hpp"

#include "actors/distribution/conflation.hpp"
#include "actors/distribution/lossless_queue.hpp"

namespace tradepulse {

std::unique_ptr<waiting_stream>
make_waiting_stream(const stream_key& stream, stream_position position, bool numbers_as_strings) {
  switch (stream.kind.events()) {
  case event_kind::price:
  case event_kind::quote:
    return std::make_unique<conflation>(stream, position, numbers_as_strings);
  case event_kind::trade:
  case event_kind::kline:
  case event_kind::candle:
    break;
  }
  return std::make_unique<lossless_queue>(stream, position, numbers_as_strings);
}

} // namespace tradepulse
