#include "actors/distribution/partition_notices.hpp"

#include "protocol/native_dialect.hpp"
#include "protocol/websocket_frame.hpp"

namespace tradepulse {
namespace {

using notice = subscription::notice;
using phase = subscription::phase;

constexpr std::size_t usual_slice_bytes = 64 * 1'024;

void due(subscription& of, notice what) {
  of.due = what;
  if (what == notice::none)
    of.owner->notices.erase(of.index);
  else
    of.owner->notices.insert(of.index);
}

void append_notice(std::string& out, const subscription& of) {
  if (of.due == notice::away)
    websocket::append_text_frame(out, [&](std::string& text) {
      native::append_error(text, {}, errc::not_owner,
                           "the symbol's partition has moved; the subscription stays", of.stream);
    });
  // An update that came first says more than the snapshot.
  else if (const auto* price = price_of(of.snapshot.get());
           price && of.state == phase::live && price->position == of.position)
    websocket::append_text_frame(out, [&](std::string& text) {
      native::append_snapshot(text, *price, of.owner->numbers_as_strings);
    });
}

} // namespace

void partition_away(subscription& of) {
  if (of.state == phase::joining)
    of.away = true;
  else if (of.due == notice::snapshot)
    due(of, notice::none); // it was told, and not yet of the return
  else
    due(of, notice::away);
}

void partition_back(subscription& of) {
  if (of.state == phase::joining)
    of.away = false;
  else
    due(of, of.snapshot ? notice::snapshot : notice::none);
}

notice_slice next_notices(subscriber& to) {
  notice_slice out;
  for (auto index : to.notices) {
    auto& sub = *out.told.emplace_back(to.subscriptions.at(index).get());
    append_notice(out.frames, sub);
    if (out.frames.size() >= usual_slice_bytes)
      break;
  }
  return out;
}

void notices_taken(subscriber& by, const notice_slice& slice) {
  for (auto* sub : slice.told) {
    if (sub->due == notice::snapshot)
      sub->snapshot.reset();
    sub->due = notice::none;
    by.notices.erase(sub->index);
  }
}

} // namespace tradepulse
