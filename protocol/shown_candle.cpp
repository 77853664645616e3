#include "protocol/shown_candle.hpp"

#include <cstddef>

#include "protocol/native_dialect.hpp"
#include "protocol/websocket_frame.hpp"

namespace tradepulse {

frame_slice shown_candle::encoded(bool numbers_as_strings, bool withdraws) const {
  auto told = view_;
  told.withdraws = !told.provisional && (told.withdraws || withdraws);
  auto& as = spellings_[(numbers_as_strings ? std::size_t{1} : 0) + (told.withdraws ? 2 : 0)];
  std::call_once(as.once, [&] {
    auto frame = std::make_shared<std::string>();
    websocket::append_text_frame(*frame, [&](std::string& text) {
      native::append_candle_view(text, symbol_, source_, told, numbers_as_strings);
    });
    as.frame = std::move(frame);
  });
  return {as.frame, 0, as.frame->size()};
}

} // namespace tradepulse
