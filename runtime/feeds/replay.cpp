#include "runtime/feeds/replay.hpp"

#include "runtime/feeds/recording_line.hpp"

namespace tradepulse {
namespace {

// Lines between two looks at the host where no line has to wait.
constexpr std::uint64_t look_interval_lines = 256;

} // namespace

replay_counts replay(recording& source, record_producer& log, const replay_plan& plan,
                     feed_host& host) {
  replay_counts out;
  replay_pace pace(plan.speed, host.now());
  for (;;) {
    const auto line = source.next();
    if (!line) {
      out.failure = line.failure();
      return out;
    }
    if (!*line)
      return out;
    ++out.lines;
    const auto read = read_recording_line(**line, plan.symbol_suffix);
    if (const auto* skipped = std::get_if<skipped_line>(&read)) {
      ++(*skipped == skipped_line::no_stream ? out.without_stream : out.without_symbol);
      continue;
    }
    if (const auto* unusable = std::get_if<error>(&read)) {
      if (++out.unusable == 1)
        out.first_unusable = "line " + std::to_string(out.lines) + ": " + unusable->detail;
      continue;
    }
    const auto& frame = std::get<recorded_frame>(read);
    const auto now = host.now();
    const auto due = pace.due(frame.received);
    if (due > now || out.produced % look_interval_lines == 0) {
      host.on_progress(out.produced, source.bytes_read(), source.total_bytes());
      if (host.wait_until(due)) {
        out.stopped = true;
        return out;
      }
    }
    if (auto taken = log.produce(plan.topic, frame.key.view(), frame.value); !taken) {
      out.failure = taken.failure();
      return out;
    }
    ++out.produced;
  }
}

} // namespace tradepulse
