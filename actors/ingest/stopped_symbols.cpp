#include "actors/ingest/stopped_symbols.hpp"

#include <algorithm>
#include <utility>

namespace tradepulse {
namespace {

// What is known of it before a claim has said more.
stored_stream unknown(const stream_key& each) {
  stored_stream out;
  out.symbol = each.symbol;
  out.kind = each.kind;
  return out;
}

} // namespace

bool stopped_symbols::failed(const stream_key& each, std::chrono::steady_clock::time_point now) {
  auto window = failures_.try_emplace(each, allowed_, window_).first;
  return window->second.too_many(now) && stop(each);
}

bool stopped_symbols::stop(const stream_key& each) {
  if (!stopped_.insert(each).second)
    return false;
  not_stored_[each] = unknown(each);
  return true;
}

void stopped_symbols::claimed() {
  not_stored_.clear();
  for (const auto& each : stopped_)
    not_stored_[each] = unknown(each);
}

void stopped_symbols::restored(const stored_stream& stream) {
  if (has(stream.flags, stream_flags::stopped)) {
    stopped_.insert(stream.key());
    not_stored_.erase(stream.key());
  } else if (auto found = not_stored_.find(stream.key()); found != not_stored_.end()) {
    found->second = stream;
  }
}

std::vector<stored_stream> stopped_symbols::take_rows(const topic_partition& home, epoch floor) {
  std::vector<stored_stream> out;
  for (auto& [name, row] : std::exchange(not_stored_, {})) {
    if (!row.home)
      row.home = home;
    row.flags = row.flags | stream_flags::stopped;
    row.newest.reset(); // of the epoch that ends here
    // Above the floor as well: events may have been published in its epoch and never stored.
    row.position = {epoch{std::max(row.position.epoch, floor).value() + 1}, sequence{0}};
    out.push_back(std::move(row));
  }
  return out;
}

} // namespace tradepulse
