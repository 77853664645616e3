#include "adapters/kafka/continuity.hpp"

#include <algorithm>
#include <utility>

#include "adapters/kafka/record_copy.hpp"

namespace tradepulse::kafka {

continuity::continuity(const fetch_doubts& doubts, topic_partition source, next_offset from,
                       const std::optional<applied_record>& before)
    : doubts_(doubts), source_(std::move(source)), from_(from.value()) {
  if (before)
    last_ = seen_record{before->offset.value(), before->digest, -1};
}

std::int64_t continuity::begin_again() {
  refusals_ = doubts_.refusals(source_);
  connections_ = doubts_.connections();
  recognition_due_ = last_.has_value();
  return last_ ? last_->offset : from_;
}

bool continuity::doubtful(std::span<rd_kafka_message_t* const> messages) {
  // Whoever begins with the first record of a log has nothing of another one. A new topic's first
  // fetch is often refused: its leader has not heard of it yet.
  if (!begins() && doubts_.refusals(source_) != refusals_)
    return true;
  const auto good = [](const rd_kafka_message_t* message) { return !message->err; };
  const auto first = std::find_if(messages.begin(), messages.end(), good);
  if (first == messages.end())
    return false; // nothing but errors, which are judged
  const auto broker = rd_kafka_message_broker_id(*first);
  if (broker != rd_kafka_message_broker_id(*std::find_if(messages.rbegin(), messages.rend(), good)))
    return true;
  auto& connections = connections_[broker];
  if (!last_ || last_->broker < 0)
    connections = doubts_.connections(broker); // one may have been made for this start
  else if (!recognition_due_ && broker != last_->broker)
    return true;
  if (begins())
    refusals_ = doubts_.refusals(source_);
  return doubts_.connections(broker) != connections;
}

std::optional<std::string> continuity::recognise(const rd_kafka_message_t& first) {
  const std::string record = "record " + std::to_string(last_->offset);
  if (first.offset != last_->offset)
    return record + " is gone, which was read before";
  if (record_digest(view_of(first)) != last_->digest)
    return record + " is another one than was read before";
  recognition_due_ = false;
  last_->broker = rd_kafka_message_broker_id(&first);
  return std::nullopt;
}

void continuity::remember(const rd_kafka_message_t& newest) {
  last_ = {newest.offset, record_digest(view_of(newest)), rd_kafka_message_broker_id(&newest)};
}

} // namespace tradepulse::kafka
