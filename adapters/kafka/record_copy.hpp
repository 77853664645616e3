#pragma once

#include <librdkafka/rdkafka.h>

#include <span>

#include "protocol/record.hpp"

namespace tradepulse::kafka {

// The message as a record whose views point into the message; without headers. The one place that
// decides what a record is, so that reading and inspecting give the same digest.
record view_of(const rd_kafka_message_t& message);

// Copies the messages, in their order, into an empty batch.
void copy_into(record_batch& batch, std::span<rd_kafka_message_t* const> messages);

} // namespace tradepulse::kafka
