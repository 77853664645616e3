#include "runtime/commands/feed_synthetic.hpp"

#include <cinttypes>
#include <cstdio>

#include "runtime/commands/exit_code.hpp"
#include "runtime/commands/process_feed.hpp"
#include "runtime/feeds/synthetic_feed.hpp"

namespace tradepulse {

int run_feed_synthetic(const feed_synthetic_options& options) {
  stop_signals signals; // before the producer makes its threads
  auto log = open_producer(options.target);
  if (!log)
    return fail(log.failure());

  synthetic_market market(options.symbols, options.seed);
  synthetic_feed_counts counts;
  result<void> flushed;
  double seconds = 0;
  {
    process_feed host(signals, **log, process_feed::on_loss::go_on);
    counts = run_synthetic_feed(
        market, **log,
        {options.target.topic, options.rate, options.duration, options.count, options.start_time},
        host);
    flushed = flush_feed(**log, options.target, signals);
    seconds = host.elapsed().count();
  }
  std::printf("produced=%" PRIu64 " confirmed=%" PRIu64 " failed=%" PRIu64
              " symbols=%zu seed=%" PRIu64 " seconds=%.1f\n",
              counts.produced, (*log)->confirmed(), (*log)->failed(), options.symbols, options.seed,
              seconds);
  std::fflush(stdout);
  if (counts.failure)
    return fail(*counts.failure);
  return flushed ? static_cast<int>(exit_code::clean) : fail(flushed.failure());
}

} // namespace tradepulse
