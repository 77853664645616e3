#include "runtime/commands/replay.hpp"

#include <cinttypes>
#include <cstdio>

#include "adapters/zlib/gzip_lines.hpp"
#include "runtime/commands/exit_code.hpp"
#include "runtime/commands/process_feed.hpp"
#include "runtime/feeds/replay.hpp"

namespace tradepulse {
namespace {

class file_recording final : public recording {
 public:
  explicit file_recording(gzip_lines lines) : lines_(std::move(lines)) {}
  result<std::optional<std::string_view>> next() override { return lines_.next(); }
  std::uint64_t bytes_read() const override { return lines_.bytes_read(); }
  std::uint64_t total_bytes() const override { return lines_.total_bytes(); }

 private:
  gzip_lines lines_;
};

void print_summary(const replay_counts& counts, const record_producer& log, double seconds) {
  std::printf("lines=%" PRIu64 " produced=%" PRIu64 " confirmed=%" PRIu64 " failed=%" PRIu64
              " without_stream=%" PRIu64 " without_symbol=%" PRIu64 " unusable=%" PRIu64
              " seconds=%.1f\n",
              counts.lines, counts.produced, log.confirmed(), log.failed(), counts.without_stream,
              counts.without_symbol, counts.unusable, seconds);
  std::fflush(stdout);
  if (counts.unusable > 0)
    std::fprintf(stderr, "warning: unusable, the first one: %s\n", counts.first_unusable.c_str());
}

} // namespace

int run_replay(const replay_options& options) {
  stop_signals signals; // before the producer makes its threads
  auto lines = gzip_lines::open(options.file);
  if (!lines)
    return fail(lines.failure());
  file_recording source(std::move(*lines));
  auto log = open_producer(options.target);
  if (!log)
    return fail(log.failure());

  replay_counts counts;
  result<void> flushed;
  double seconds = 0;
  {
    process_feed host(signals, **log, process_feed::on_loss::stop);
    counts =
        replay(source, **log, {options.target.topic, options.speed, options.symbol_suffix}, host);
    flushed = flush_feed(**log, options.target, signals);
    seconds = host.elapsed().count();
  }
  print_summary(counts, **log, seconds);
  if (counts.failure)
    return fail(*counts.failure);
  return flushed ? static_cast<int>(exit_code::clean) : fail(flushed.failure());
}

} // namespace tradepulse
