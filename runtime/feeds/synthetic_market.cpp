#include "runtime/feeds/synthetic_market.hpp"

#include <array>

#include "protocol/decimal.hpp"
#include "protocol/expects.hpp"

namespace tradepulse {
namespace {

constexpr std::array<std::int64_t, 3> step_sizes{1'000'000, 10'000, 1}; // units of 10^-8

std::string symbol_name(std::size_t number) {
  const auto digits = std::to_string(number);
  return "SIM" + std::string(digits.size() < 3 ? 3 - digits.size() : 0, '0') + digits;
}

} // namespace

synthetic_market::synthetic_market(std::size_t symbols, std::uint64_t seed) : random_(seed) {
  TRADEPULSE_EXPECTS(symbols >= 1 && symbols <= most_symbols);
  walks_.reserve(symbols);
  for (std::size_t i = 0; i < symbols; ++i) {
    const auto start = static_cast<std::int64_t>(10'000 + draw(990'000));
    walks_.push_back({symbol_name(i + 1), start, start, step_sizes[i % step_sizes.size()]});
  }
}

std::uint64_t synthetic_market::draw(std::uint64_t bound) {
  // The high half of a 64 x 64 bit product: even enough for bounds far below 2^64.
  return static_cast<std::uint64_t>(
      (static_cast<int128>(random_() >> 1) * static_cast<int128>(bound)) >> 63);
}

void synthetic_market::move(walk& w) {
  // Up to 0.05 % of the price up or down, at least one step.
  const auto reach = w.price_steps / 2000 + 1;
  auto change = static_cast<std::int64_t>(draw(static_cast<std::uint64_t>(2 * reach + 1))) - reach;
  const auto moved = w.price_steps + change;
  if (moved < w.start_steps / 10 || moved > w.start_steps * 10)
    change = -change;
  w.price_steps += change;
}

synthetic_market::event synthetic_market::next(time_ms event_time) {
  auto& w = walks_[draw(walks_.size())];
  move(w);
  const auto volume_thousandths = static_cast<std::int64_t>(1 + draw(1'000'000));
  value_.assign("{\"symbol\":\"").append(w.symbol).append("\",\"price\":");
  append_decimal(value_, int128{w.price_steps} * w.step_units);
  value_.append(",\"volume\":");
  append_decimal(value_, int128{volume_thousandths} * (decimal_unit / 1000));
  value_.append(",\"timestamp\":").append(std::to_string(event_time.time_since_epoch().count()));
  value_.append("}");
  return {w.symbol, value_};
}

} // namespace tradepulse
