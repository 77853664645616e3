#include "adapters/kafka/broker_probe.hpp"

#include <algorithm>

namespace tradepulse::kafka {
namespace {

constexpr auto timeout = std::chrono::milliseconds(1000);
constexpr auto calm = std::chrono::milliseconds(5000);

} // namespace

broker_probe::broker_probe(rd_kafka_t* handle, topic_selection topics,
                           std::chrono::milliseconds urgent, taker take)
    : handle_(handle), topics_(std::move(topics)), urgent_(urgent), take_(std::move(take)),
      thread_([this] { run(); }) {}

broker_probe::~broker_probe() {
  {
    const std::lock_guard guard(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void broker_probe::watch(std::vector<topic_partition> sources) {
  const std::lock_guard guard(mutex_);
  watched_ = std::move(sources);
}

void broker_probe::hurry() {
  {
    const std::lock_guard guard(mutex_);
    hurried_ = true;
  }
  changed_.notify_one();
}

void broker_probe::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    hurried_ = false;
    const auto watched = watched_;
    lock.unlock();
    auto answer = ask(watched);
    const bool well = answer.reachable && answer.missing.empty() && answer.absent.empty();
    const auto pause = well ? calm : std::min(urgent_, calm);
    take_(std::move(answer));
    lock.lock();
    changed_.wait_for(lock, pause, [this] { return stopping_ || hurried_; });
  }
}

probe_answer broker_probe::ask(const std::vector<topic_partition>& watched) const {
  probe_answer answer;
  const auto listed = list_topics(handle_, nullptr, timeout);
  if (!listed)
    return answer;
  answer.reachable = true;
  std::vector<std::string> existing;
  std::map<std::string, const listed_topic*> by_name;
  for (const auto& topic : *listed) {
    if (!topic.exists() || !topics_.matches(topic.name))
      continue;
    existing.push_back(topic.name);
    answer.partitions += topic.leaders.size();
    by_name[topic.name] = &topic;
  }
  answer.missing = topics_.missing(existing);

  std::vector<watermark_question> questions;
  for (const auto& source : watched) {
    const auto found = by_name.find(source.topic);
    const auto index = static_cast<std::size_t>(source.partition);
    if (found != by_name.end() && index < found->second->leaders.size())
      questions.push_back({source, found->second->leaders[index], {}, {}, {}});
    else
      answer.absent.push_back(source);
  }
  ask_watermarks(handle_, questions, timeout, watermark_side::end_only);
  for (const auto& question : questions)
    if (question.end)
      answer.ends.emplace(question.source, *question.end);
  return answer;
}

} // namespace tradepulse::kafka
