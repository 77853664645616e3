#include "runtime/feeds/synthetic_feed.hpp"

#include <algorithm>
#include <limits>

namespace tradepulse {

time_ms synthetic_event_time(time_ms start, std::uint64_t index, std::optional<double> rate) {
  const double ms = static_cast<double>(index) * 1000 / rate.value_or(event_time_rate_without_rate);
  return start + std::chrono::milliseconds(static_cast<std::int64_t>(ms));
}

synthetic_feed_counts run_synthetic_feed(synthetic_market& market, record_producer& log,
                                         const synthetic_feed_plan& plan, feed_host& host) {
  synthetic_feed_counts out;
  const auto begin = host.now();
  const auto end = plan.duration ? begin + *plan.duration : pace_clock::time_point::max();
  const auto most = plan.count.value_or(std::numeric_limits<std::uint64_t>::max());
  steady_pace pace(plan.rate, begin);
  while (out.produced < most) {
    const auto now = host.now();
    if (now >= end)
      return out;
    for (auto due = std::min(pace.take(now), most - out.produced); due > 0; --due) {
      const auto tick = market.next(
          plan.start_time ? synthetic_event_time(*plan.start_time, out.produced, plan.rate)
                          : host.wall_clock());
      if (auto taken = log.produce(plan.topic, tick.symbol, tick.value); !taken) {
        out.failure = taken.failure();
        return out;
      }
      ++out.produced;
    }
    host.on_progress(out.produced, 0, 0);
    if (out.produced < most && host.wait_until(std::min(pace.next(host.now()), end)))
      return out;
  }
  return out;
}

} // namespace tradepulse
