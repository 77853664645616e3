#include "adapters/kafka/cluster_view.hpp"

#include <map>
#include <memory>

#include "adapters/kafka/handle.hpp"

namespace tradepulse::kafka {
namespace {

using metadata_ptr =
    std::unique_ptr<const rd_kafka_metadata_t, destroy_with<rd_kafka_metadata_destroy>>;
using questions_of_leader = std::vector<watermark_question*>;

// One ListOffsets request. `logical` is RD_KAFKA_OFFSET_BEGINNING or _END: the protocol takes them
// in the place of a timestamp. Errors of one partition come as the error of the whole call.
rd_kafka_resp_err_t ask(rd_kafka_t* handle, const questions_of_leader& questions,
                        std::int64_t logical, std::chrono::milliseconds timeout) {
  const partition_list_ptr list(
      rd_kafka_topic_partition_list_new(static_cast<int>(questions.size())));
  for (const auto* question : questions)
    rd_kafka_topic_partition_list_add(list.get(), question->source.topic.c_str(),
                                      question->source.partition)
        ->offset = logical;
  const auto failed = rd_kafka_offsets_for_times(handle, list.get(), to_int_ms(timeout));
  if (failed != RD_KAFKA_RESP_ERR_NO_ERROR)
    return failed;
  for (auto* question : questions) {
    const auto* answer = rd_kafka_topic_partition_list_find(
        list.get(), question->source.topic.c_str(), question->source.partition);
    if (!answer || answer->err != RD_KAFKA_RESP_ERR_NO_ERROR || answer->offset < 0) {
      question->fault = answer && answer->err ? answer->err : RD_KAFKA_RESP_ERR__NO_OFFSET;
      continue;
    }
    if (logical == RD_KAFKA_OFFSET_BEGINNING)
      question->begin = next_offset(answer->offset);
    else
      question->end = high_watermark(answer->offset);
  }
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

bool leader_is_silent(rd_kafka_resp_err_t code) {
  return code == RD_KAFKA_RESP_ERR__TIMED_OUT || code == RD_KAFKA_RESP_ERR__TRANSPORT ||
         code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN;
}

void ask_leader(rd_kafka_t* handle, const questions_of_leader& questions, std::int64_t logical,
                std::chrono::milliseconds timeout) {
  const auto failed = ask(handle, questions, logical, timeout);
  if (failed == RD_KAFKA_RESP_ERR_NO_ERROR)
    return;
  if (questions.size() == 1 || leader_is_silent(failed)) {
    for (auto* question : questions)
      question->fault = failed;
    return;
  }
  // One of them is at fault: ask for each alone.
  for (auto* question : questions)
    ask_leader(handle, {question}, logical, timeout);
}

} // namespace

result<std::vector<listed_topic>> list_topics(rd_kafka_t* handle, rd_kafka_topic_t* only,
                                              std::chrono::milliseconds timeout) {
  const rd_kafka_metadata_t* raw = nullptr;
  const auto failed = rd_kafka_metadata(handle, only ? 0 : 1, only, &raw, to_int_ms(timeout));
  if (failed != RD_KAFKA_RESP_ERR_NO_ERROR)
    return error{errc::log_unavailable, rd_kafka_err2str(failed)};
  const metadata_ptr metadata(raw);
  std::vector<listed_topic> topics;
  topics.reserve(static_cast<std::size_t>(metadata->topic_cnt));
  for (int t = 0; t < metadata->topic_cnt; ++t) {
    const auto& from = metadata->topics[t];
    listed_topic topic{from.topic, from.err, {}};
    topic.leaders.assign(static_cast<std::size_t>(from.partition_cnt), -1);
    for (int p = 0; p < from.partition_cnt; ++p) {
      const auto& partition = from.partitions[p];
      if (partition.id >= 0 && partition.id < from.partition_cnt)
        topic.leaders[static_cast<std::size_t>(partition.id)] = partition.leader;
    }
    topics.push_back(std::move(topic));
  }
  return topics;
}

void ask_watermarks(rd_kafka_t* handle, std::vector<watermark_question>& questions,
                    std::chrono::milliseconds timeout, watermark_side side) {
  std::map<std::int32_t, questions_of_leader> by_leader;
  for (auto& question : questions) {
    question.fault =
        question.leader < 0 ? RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE : RD_KAFKA_RESP_ERR_NO_ERROR;
    if (question.leader >= 0)
      by_leader[question.leader].push_back(&question);
  }
  for (const auto& [leader, group] : by_leader) {
    if (side == watermark_side::both) {
      ask_leader(handle, group, RD_KAFKA_OFFSET_BEGINNING, timeout);
      if (group.front()->fault && leader_is_silent(group.front()->fault))
        continue; // no second wait for the same leader
    }
    ask_leader(handle, group, RD_KAFKA_OFFSET_END, timeout);
  }
}

} // namespace tradepulse::kafka
