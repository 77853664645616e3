#pragma once

#include <librdkafka/rdkafka.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "protocol/identifiers.hpp"
#include "protocol/result.hpp"

// What the brokers say about topics and offsets now. Every call blocks, up to its timeout.
namespace tradepulse::kafka {

struct listed_topic {
  std::string name;
  rd_kafka_resp_err_t fault = RD_KAFKA_RESP_ERR_NO_ERROR;
  std::vector<std::int32_t> leaders; // by partition; -1: no leader now

  bool exists() const noexcept {
    return fault == RD_KAFKA_RESP_ERR_NO_ERROR || fault == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE;
  }
};

// All topics, or the one of `only`. Errors: log_unavailable.
result<std::vector<listed_topic>> list_topics(rd_kafka_t* handle, rd_kafka_topic_t* only,
                                              std::chrono::milliseconds timeout);

struct watermark_question {
  topic_partition source;
  std::int32_t leader = -1;
  std::optional<next_offset> begin;
  std::optional<high_watermark> end;
  rd_kafka_resp_err_t fault = RD_KAFKA_RESP_ERR_NO_ERROR; // why an answer is absent
};

enum class watermark_side : std::uint8_t { both, end_only };

// Answers the questions that have a leader, one request per leader and side, so that a leader that
// is down delays (by `timeout` each) and spoils only its own partitions.
// rd_kafka_query_watermark_offsets is not used: 2.0.2 ignores its timeout.
void ask_watermarks(rd_kafka_t* handle, std::vector<watermark_question>& questions,
                    std::chrono::milliseconds timeout, watermark_side side = watermark_side::both);

} // namespace tradepulse::kafka
