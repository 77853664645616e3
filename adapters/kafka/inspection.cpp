#include "adapters/kafka/inspection.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <set>

#include "adapters/kafka/record_copy.hpp"

namespace tradepulse::kafka {
namespace {

constexpr auto round_trip = std::chrono::milliseconds(1000);
constexpr auto try_again_after = std::chrono::milliseconds(250);
constexpr std::size_t list_singly = 4; // more topics than this: one list of all

struct free_string {
  rd_kafka_t* handle;
  void operator()(char* text) const noexcept { rd_kafka_mem_free(handle, text); }
};

std::string cluster_id_of(rd_kafka_t* handle) {
  const std::unique_ptr<char, free_string> id(rd_kafka_clusterid(handle, to_int_ms(round_trip)),
                                              free_string{handle});
  return id ? std::string(id.get()) : std::string();
}

error no_such_partition(const topic_partition& source) {
  return {errc::not_found, "kafka: there is no partition " + source.to_string()};
}

} // namespace

inspections::inspections(rd_kafka_t* handle, const connection_options& connection, wakeup& bell)
    : handle_(handle), connection_(connection), records_(rd_kafka_queue_new(handle)) {
  rd_kafka_queue_cb_event_enable(
      records_.get(), [](rd_kafka_t*, void* ring) { static_cast<wakeup*>(ring)->ring(); }, &bell);
}

inspections::~inspections() {
  rd_kafka_queue_cb_event_enable(records_.get(), nullptr, nullptr);
}

void inspections::advance() {
  // Errors of the handle itself come with the answers too; here they are only taken out.
  rd_kafka_poll(handle_, 0);
  take_records();
  expire();
  if (!waiting_.empty() && clock::now() >= next_try_)
    resolve();
}

std::optional<std::chrono::milliseconds> inspections::pause() const {
  if (waiting_.empty() && reading_.empty())
    return std::nullopt;
  return try_again_after;
}

result<std::map<std::string, listed_topic>>
inspections::list(const std::vector<inspection_job>& jobs) {
  std::set<std::string> names;
  for (const auto& job : jobs)
    names.insert(job.source.topic);
  std::map<std::string, listed_topic> topics;
  const auto take = [&](rd_kafka_topic_t* only) -> std::optional<error> {
    auto listed = list_topics(handle_, only, round_trip);
    if (!listed)
      return listed.failure();
    for (auto& topic : *listed)
      topics[topic.name] = std::move(topic);
    return std::nullopt;
  };
  if (names.size() > list_singly) {
    if (auto failed = take(nullptr))
      return *failed;
    return topics;
  }
  for (const auto& name : names)
    if (auto failed = take(topic_of(name)))
      return *failed;
  return topics;
}

void inspections::resolve() {
  std::vector<inspection_job> jobs;
  jobs.swap(waiting_);
  // The list first: its answer refreshes the cluster id that the handle remembers.
  const auto topics = list(jobs);
  const std::string cluster_id = topics ? cluster_id_of(handle_) : std::string();
  if (!topics || cluster_id.empty()) {
    for (auto& job : jobs)
      put_back(std::move(job), topics ? "the brokers tell no cluster id" : topics.failure().detail);
    return;
  }
  resolve_with(std::move(jobs), cluster_id, *topics);
}

void inspections::resolve_with(std::vector<inspection_job> jobs, const std::string& cluster_id,
                               const std::map<std::string, listed_topic>& topics) {
  std::vector<inspection_job> known;
  std::vector<watermark_question> questions;
  for (auto& job : jobs) {
    const auto topic = topics.find(job.source.topic);
    const auto index = static_cast<std::size_t>(job.source.partition);
    if (topic != topics.end() && !topic->second.exists() &&
        !is_unknown_partition(topic->second.fault)) {
      put_back(std::move(job), rd_kafka_err2str(topic->second.fault));
    } else if (topic == topics.end() || job.source.partition < 0 ||
               index >= topic->second.leaders.size()) {
      job.then(no_such_partition(job.source));
    } else {
      job.found.cluster_id = cluster_id;
      questions.push_back({job.source, topic->second.leaders[index], {}, {}, {}});
      known.push_back(std::move(job));
    }
  }
  ask_watermarks(handle_, questions, round_trip);
  for (std::size_t i = 0; i < known.size(); ++i) {
    const auto& answer = questions[i];
    if (!answer.begin || !answer.end) {
      put_back(std::move(known[i]), rd_kafka_err2str(answer.fault));
      continue;
    }
    known[i].found.begin = *answer.begin;
    known[i].found.end = *answer.end;
    go_on(std::move(known[i]));
  }
}

void inspections::go_on(inspection_job job) {
  const bool readable = job.record && job.record->value() >= job.found.begin.value() &&
                        job.record->value() < job.found.end.value();
  if (!readable)
    job.then(std::move(job.found));
  else if (reading_.contains(job.source))
    put_back(std::move(job), "another question about the partition is being answered");
  else
    read(std::move(job));
}

void inspections::read(inspection_job job) {
  if (rd_kafka_consume_start_queue(topic_of(job.source.topic), job.source.partition,
                                   job.record->value(), records_.get()) != 0) {
    put_back(std::move(job), rd_kafka_err2str(rd_kafka_last_error()));
    return;
  }
  auto source = job.source;
  reading_.emplace(std::move(source), std::move(job));
}

void inspections::take_records() {
  std::array<rd_kafka_message_t*, 64> messages{};
  for (;;) {
    const auto got =
        rd_kafka_consume_batch_queue(records_.get(), 0, messages.data(), messages.size());
    if (got <= 0)
      return;
    for (std::size_t i = 0; i < static_cast<std::size_t>(got); ++i) {
      conclude(*messages[i]);
      rd_kafka_message_destroy(messages[i]);
    }
  }
}

void inspections::conclude(const rd_kafka_message_t& message) {
  if (!message.rkt)
    return;
  const auto found = reading_.find({rd_kafka_topic_name(message.rkt), message.partition});
  if (found == reading_.end())
    return; // more records behind one that was answered
  auto job = std::move(found->second);
  reading_.erase(found);
  rd_kafka_consume_stop(topic_of(job.source.topic), job.source.partition);

  if (message.err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
    job.then(std::move(job.found)); // behind it there is nothing: the record is gone
  } else if (is_unknown_partition(message.err)) {
    job.then(no_such_partition(job.source));
  } else if (message.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    // Also where it expired meanwhile: the offsets are asked for again.
    put_back(std::move(job), rd_kafka_message_errstr(&message));
  } else {
    job.found.first_from = record_offset(message.offset);
    if (message.offset == job.record->value())
      job.found.digest = record_digest(view_of(message));
    job.then(std::move(job.found));
  }
}

void inspections::put_back(inspection_job job, std::string obstacle) {
  job.obstacle = std::move(obstacle);
  waiting_.push_back(std::move(job));
  next_try_ = clock::now() + try_again_after;
}

void inspections::expire() {
  const auto now = clock::now();
  for (auto it = reading_.begin(); it != reading_.end();) {
    if (it->second.deadline > now) {
      ++it;
      continue;
    }
    auto job = std::move(it->second);
    it = reading_.erase(it);
    rd_kafka_consume_stop(topic_of(job.source.topic), job.source.partition);
    job.obstacle = "the record was not delivered";
    job.then(unavailable(job));
  }
  const auto late = std::stable_partition(waiting_.begin(), waiting_.end(),
                                          [now](const auto& job) { return job.deadline > now; });
  std::vector<inspection_job> failed(std::make_move_iterator(late),
                                     std::make_move_iterator(waiting_.end()));
  waiting_.erase(late, waiting_.end());
  for (auto& job : failed)
    job.then(unavailable(job));
}

void inspections::fail_all(const std::string& why) {
  for (auto& [source, job] : reading_) {
    rd_kafka_consume_stop(topic_of(source.topic), source.partition);
    waiting_.push_back(std::move(job));
  }
  reading_.clear();
  for (auto& job : std::exchange(waiting_, {})) {
    job.obstacle = why;
    job.then(unavailable(job));
  }
}

rd_kafka_topic_t* inspections::topic_of(const std::string& name) {
  auto& known = topics_[name];
  if (!known)
    known.reset(rd_kafka_topic_new(handle_, name.c_str(), nullptr));
  return known.get();
}

error inspections::unavailable(const inspection_job& job) const {
  return brokers_error(errc::log_unavailable, connection_,
                       "looking into " + job.source.to_string() + ": " + job.obstacle);
}

} // namespace tradepulse::kafka
