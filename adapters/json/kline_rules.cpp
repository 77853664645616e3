#include "adapters/json/kline_rules.hpp"

namespace tradepulse::json {
namespace {

rejected_record contradiction(std::string what) {
  return reject(reject_reason::bad_value, std::move(what));
}

} // namespace

rejection check_kline(const kline_value& kline) {
  const auto against = [&](std::string_view name, price value) -> rejection {
    if (value < kline.low)
      return contradiction("low " + kline.low.to_string() + ": above " + std::string(name) + " " +
                           value.to_string());
    if (value > kline.high)
      return contradiction("high " + kline.high.to_string() + ": below " + std::string(name) + " " +
                           value.to_string());
    return {};
  };
  if (auto refused = against("open", kline.open))
    return refused;
  if (auto refused = against("close", kline.close))
    return refused;
  if (kline.start >= kline.end)
    return contradiction("end " + to_iso8601(kline.end) + ": not after the start " +
                         to_iso8601(kline.start));
  return {};
}

} // namespace tradepulse::json
