#include <algorithm>
#include <utility>

#include "actors/tell.hpp"
#include "tests/simulation/process_ports.hpp"

// What a process reads, as the consumer thread does.
namespace tradepulse::simulation {

bool process::can_poll(const topic_partition& source) {
  return ports_->reader.has_something(source) && credit_->allowance(source) > 0;
}

void process::poll(const topic_partition& source) {
  const auto credit = credit_->allowance(source);
  const auto most = credit == 0 ? 0 : std::min(credit, window_->allowance());
  const auto to = routes_.find(source);
  if (most == 0 || !to)
    return;
  auto got = ports_->reader.read(source, most);
  if (auto* fault = std::get_if<fault_reported>(&got)) {
    tell(to, *fault);
  } else if (auto batch = std::get<std::shared_ptr<const record_batch>>(got)) {
    auto lease = credit_->take(source, batch->credit_events(), batch->credit_bytes());
    auto on = window_->take(batch->credit_events());
    tell(to, batch_arrived{std::move(batch), std::move(lease), std::move(on)});
  }
}

} // namespace tradepulse::simulation
