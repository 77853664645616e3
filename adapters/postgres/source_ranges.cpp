#include "adapters/postgres/source_ranges.hpp"

namespace tradepulse {

// Within an epoch a stream has one home, whose commit time never goes back: a leaf gets no more
// rows of an epoch that has entered a later one. An epoch that is over may have rows on their way.
std::vector<source_ranges::leaf> source_ranges::leaves_of(const std::vector<place>& places) {
  std::map<std::string, leaf> by_name;
  for (std::size_t i = 0; i < places.size(); ++i) {
    const auto& [at, made] = by_name.try_emplace(places[i].leaf, leaf{places[i].leaf, 0, true});
    auto& of = at->second;
    ++of.epochs;
    const bool left = i + 1 < places.size() && places[i + 1].epoch == places[i].epoch;
    of.closed = of.closed && left;
  }
  std::vector<leaf> out;
  out.reserve(by_name.size());
  for (auto& [name, each] : by_name)
    out.push_back(std::move(each));
  return out;
}

std::optional<std::optional<source_ranges::range>> source_ranges::find(std::int32_t stream_id,
                                                                       const leaf& of) const {
  const auto stream = streams_.find(stream_id);
  if (!of.closed || stream == streams_.end())
    return std::nullopt;
  const auto at = stream->second.find(of.name);
  // One that has got another epoch since has other rows.
  if (at == stream->second.end() || at->second.epochs != of.epochs)
    return std::nullopt;
  return at->second.numbers;
}

void source_ranges::learn(std::int32_t stream_id, const leaf& of, std::optional<range> numbers) {
  if (!of.closed)
    return;
  if (count_ >= most) {
    streams_.clear();
    count_ = 0;
  }
  if (streams_[stream_id].insert_or_assign(of.name, known{of.epochs, numbers}).second)
    ++count_;
}

} // namespace tradepulse
