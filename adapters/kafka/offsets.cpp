#include "adapters/kafka/offsets.hpp"

#include <algorithm>

#include "adapters/kafka/cluster_view.hpp"
#include "adapters/kafka/handle.hpp"
#include "adapters/kafka/topic_selection.hpp"

namespace tradepulse::kafka {
namespace {

using steady = std::chrono::steady_clock;
constexpr auto round_trip = std::chrono::milliseconds(1000);

// At least a little, so that the last try is one.
std::chrono::milliseconds share_of(steady::time_point deadline) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - steady::now());
  return std::clamp(left, std::chrono::milliseconds(50), round_trip);
}

result<std::vector<listed_topic>> list_until(rd_kafka_t* handle, steady::time_point deadline) {
  for (;;) {
    auto listed = list_topics(handle, nullptr, share_of(deadline));
    if (listed || steady::now() >= deadline)
      return listed;
  }
}

// Leaders that are just being elected answer a moment later: asked again until the deadline.
void ask_until(rd_kafka_t* handle, std::vector<watermark_question>& questions,
               steady::time_point deadline) {
  std::vector<watermark_question> open = questions;
  for (;;) {
    ask_watermarks(handle, open, share_of(deadline));
    std::vector<watermark_question> unanswered;
    for (auto& asked : open) {
      if (asked.begin && asked.end)
        *std::find_if(questions.begin(), questions.end(),
                      [&](const auto& q) { return q.source == asked.source; }) = asked;
      else if (asked.leader >= 0)
        unanswered.push_back(asked);
    }
    if (unanswered.empty() || steady::now() >= deadline)
      return;
    open = std::move(unanswered);
  }
}

} // namespace

result<log_listing> list_offsets(const connection_options& connection,
                                 const std::vector<std::string>& topics,
                                 std::chrono::milliseconds deadline) {
  const auto until = steady::now() + deadline;
  const auto selection = topic_selection::parse(topics);
  if (!selection)
    return selection.failure();
  auto conf = make_conf(connection, std::vector<setting>{{"enable.auto.commit", "false"}});
  if (!conf)
    return conf.failure();
  const auto handle = make_handle(RD_KAFKA_CONSUMER, std::move(*conf), connection);
  if (!handle)
    return handle.failure();
  const auto listed = list_until(handle->get(), until);
  if (!listed)
    return brokers_error(errc::log_unavailable, connection,
                         "no broker answered within " + std::to_string(deadline.count()) +
                             " ms: " + listed.failure().detail);

  log_listing listing;
  std::vector<std::string> existing;
  std::vector<watermark_question> questions;
  for (const auto& topic : *listed) {
    if (!topic.exists() || !selection->matches(topic.name))
      continue;
    existing.push_back(topic.name);
    for (std::size_t p = 0; p < topic.leaders.size(); ++p)
      questions.push_back(
          {{topic.name, static_cast<std::int32_t>(p)}, topic.leaders[p], {}, {}, {}});
  }
  listing.missing = selection->missing(existing);
  std::sort(questions.begin(), questions.end(),
            [](const auto& a, const auto& b) { return a.source < b.source; });
  ask_until(handle->get(), questions, until);
  for (auto& question : questions)
    listing.partitions.push_back({std::move(question.source), question.begin, question.end});
  return listing;
}

} // namespace tradepulse::kafka
