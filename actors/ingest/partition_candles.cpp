#include <algorithm>
#include <unordered_map>

#include "actors/ingest/partition.hpp"
#include "actors/tell.hpp"

// What a partition knows of candles beyond its ranges: how far they are numbered, and which are
// over while nothing comes.
namespace tradepulse {
namespace {

bool holds(const stored_candles& all, candle_interval interval) {
  return std::ranges::find(all.streams, interval, &stored_candle_stream::interval) !=
         all.streams.end();
}

// What is known, and of what is not the numbers: their source begins them anew.
std::shared_ptr<const stored_candles> behind(const std::shared_ptr<const stored_candles>& known,
                                             const stored_candles& numbered) {
  auto out = std::make_shared<stored_candles>(known ? *known : stored_candles{});
  for (const auto& each : numbered.streams)
    if (!holds(*out, each.interval))
      out->streams.push_back(each);
  return out;
}

} // namespace

// Candles whose state does not come with the stream that they are made from, and which may have
// been numbered nevertheless: of another stream before, or while their interval was made. With the
// key of the stream itself; empty: nothing has to be asked.
std::vector<stream_key> partition::candles_unknown(const stored_stream& of) const {
  std::vector<stream_key> out;
  if (!options_->candles || of.kind != options_->candles->stream)
    return out;
  for (const auto interval : all_candle_intervals)
    if (options_->candles->rules->intervals.contains(interval) &&
        !(of.candles && holds(*of.candles, interval)))
      out.push_back({of.symbol, stream_kind::candle(interval)});
  if (!out.empty())
    out.push_back(of.key());
  return out;
}

std::vector<stored_stream> partition::with_candles(std::vector<stored_stream> found) const {
  std::unordered_map<symbol, stored_candles> numbered;
  for (const auto& stream : found)
    if (stream.kind.events() == event_kind::candle)
      numbered[stream.symbol].streams.push_back(
          {stream.kind.candle_length(), {}, stream.position, {}, {}, {}});
  std::erase_if(found, [](const stored_stream& stream) {
    return stream.kind.events() == event_kind::candle;
  });
  for (auto& stream : found)
    if (options_->candles && stream.kind == options_->candles->stream)
      stream.candles = behind(stream.candles, numbered[stream.symbol]);
  return found;
}

// Each candle once: those whose end has passed since the look before.
void partition::show_what_is_over(clock::time_point now) {
  if (state_ != state::reading || !builder_->candles() ||
      now - last_batch_ < options_->candles->idle_close)
    return;
  const auto until = parts().time->wall();
  for (const auto& name : builder_->candles()->over(shown_until_, until))
    if (auto to = parts().directory->actor_at({name, options_->candles->stream}, options_->source))
      tell(*to, candles_idle{until});
  shown_until_ = until;
}

} // namespace tradepulse
