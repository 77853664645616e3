#include "runtime/commands/process_feed.hpp"

#include "adapters/kafka/offsets.hpp"
#include "adapters/kafka/producer.hpp"

namespace tradepulse {
namespace {

// The message timeout of the producer, and a little: after it nothing is open any more.
constexpr std::chrono::seconds flush_deadline{35};
constexpr std::chrono::seconds flush_deadline_after_signal{3};
constexpr std::chrono::seconds listing_deadline{5};

kafka::connection_options connection_to(const log_target& target) {
  kafka::connection_options out;
  out.brokers = target.brokers;
  out.client_id = "tradepulse-feed";
  out.properties = target.properties;
  return out;
}

} // namespace

process_feed::process_feed(stop_signals& signals, const record_producer& log, on_loss loss)
    : signals_(signals), log_(log), loss_(loss) {}

time_ms process_feed::wall_clock() {
  return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

bool process_feed::wait_until(pace_clock::time_point due) {
  if (log_.failed() > 0 && (loss_ == on_loss::stop || log_.confirmed() == 0))
    return true;
  return signals_.wait_until(due);
}

void process_feed::on_progress(std::uint64_t produced, std::uint64_t position_bytes,
                               std::uint64_t total_bytes) {
  const auto now = pace_clock::now();
  if (display_.due(now))
    display_.show({produced, position_bytes, total_bytes, now - begin_}, now);
}

result<std::unique_ptr<record_producer>> open_producer(const log_target& target) {
  kafka::producer_options options;
  options.connection = connection_to(target);
  auto made = kafka::producer::open(std::move(options));
  if (!made)
    return error{errc::bad_request, "--brokers, --property: " + made.failure().detail};
  return std::unique_ptr<record_producer>(std::move(*made));
}

result<void> flush_feed(record_producer& log, const log_target& target, stop_signals& signals) {
  const bool stopped = signals.requested();
  auto flushed = log.flush(stopped ? flush_deadline_after_signal : flush_deadline);
  if (flushed || log.confirmed() > 0 || stopped)
    return flushed;
  const auto listed = kafka::list_offsets(connection_to(target), {target.topic}, listing_deadline);
  if (listed && !listed->missing.empty())
    return error{errc::log_unavailable,
                 flushed.failure().detail + ": topic " + target.topic +
                     " does not exist there, and the brokers do not make topics by themselves"};
  return flushed;
}

} // namespace tradepulse
