#include "actors/ingest/made_candles.hpp"

#include <algorithm>
#include <tuple>

namespace tradepulse {
namespace {

auto key_of(const closed_candle& each) {
  return std::tuple(each.row.candle.interval, each.row.candle.start);
}

auto order_of(const closed_candle& each) {
  return std::tuple_cat(key_of(each), std::tuple(each.position));
}

} // namespace

void keep_newest(std::vector<closed_candle>& closed) {
  if (!std::ranges::is_sorted(closed, {}, order_of)) // as that of a single slot mostly is
    std::ranges::sort(closed, {}, order_of);
  auto to = closed.begin();
  for (auto from = closed.begin(); from != closed.end(); ++from)
    if (from + 1 == closed.end() || key_of(*from) != key_of(*(from + 1))) {
      if (to != from)
        *to = *from;
      ++to;
    }
  closed.erase(to, closed.end());
}

} // namespace tradepulse
