#include "adapters/kafka/fetch_waker.hpp"

namespace tradepulse::kafka {
namespace {

constexpr auto interval = std::chrono::milliseconds(2);

} // namespace

fetch_waker::fetch_waker(const connection_options& connection) : user_("-"), password_("-") {
  for (const auto& [name, value] : connection.properties)
    if (name == "sasl.username")
      user_ = value;
    else if (name == "sasl.password")
      password_ = value;
}

// The one call of 2.0.2 that wakes the threads of all brokers and asks nothing of anybody: it gives
// the handle the credentials that it has (where it needs none: some that it does not use).
void fetch_waker::wake_where_due(rd_kafka_t* reader, clock::time_point now) {
  if (!wanted_ || now < next_)
    return;
  wanted_ = false;
  next_ = now + interval;
  if (auto* failed = rd_kafka_sasl_set_credentials(reader, user_.c_str(), password_.c_str()))
    rd_kafka_error_destroy(failed);
}

std::optional<fetch_waker::clock::time_point> fetch_waker::due() const noexcept {
  return wanted_ ? std::optional(next_) : std::nullopt;
}

} // namespace tradepulse::kafka
