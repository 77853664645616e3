#include "runtime/commands/log_answers.hpp"

#include <condition_variable>
#include <mutex>

#include "adapters/kafka/log_inspector_kafka.hpp"

namespace tradepulse {

std::optional<error> log_answers::unavailable() const {
  for (const auto& [source, failure] : failures)
    if (failure.code != errc::not_found)
      return failure;
  return std::nullopt;
}

log_answers ask_log(const kafka::connection_options& connection,
                    const std::vector<log_question>& questions) {
  log_answers out;
  std::mutex mutex; // guards out and open
  std::condition_variable answered;
  std::size_t open = questions.size();

  auto inspector = kafka::log_inspector_kafka::open({.connection = connection});
  if (!inspector) {
    for (const auto& [source, record] : questions)
      out.failures.emplace(source, inspector.failure());
    return out;
  }
  for (const auto& [source, record] : questions)
    (*inspector)->inspect(source, record, [&, where = source](result<log_state> state) {
      std::lock_guard lock(mutex);
      if (state)
        out.states.emplace(where, std::move(*state));
      else
        out.failures.emplace(where, state.failure());
      --open;
      answered.notify_one();
    });
  std::unique_lock lock(mutex);
  answered.wait(lock, [&] { return open == 0; });
  return out;
}

} // namespace tradepulse
