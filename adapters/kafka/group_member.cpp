#include "adapters/kafka/group_member.hpp"

#include <algorithm>
#include <string_view>

#include "protocol/log.hpp"

namespace tradepulse::kafka {
namespace {

constexpr int incremental_assignment_since = 0x020601ff; // 2.6.1: endless loop and hangs before

result<void> check_strategy(const consumer_options& options) {
  if (options.assignment_strategy != "cooperative-sticky" ||
      rd_kafka_version() >= incremental_assignment_since)
    return {};
  return error{errc::configuration,
               "kafka.assignment_strategy = \"cooperative-sticky\": librdkafka " +
                   std::string(rd_kafka_version_str()) +
                   " hangs with it, 2.6.1 or newer is needed; use \"range\""};
}

std::vector<setting> settings_of(const consumer_options& options, const topic_selection& topics) {
  std::vector<setting> ours{
      {"group.id", options.group_id},
      {"enable.auto.commit", "false"},
      {"enable.auto.offset.store", "false"},
      {"auto.offset.reset", "error"},
      {"partition.assignment.strategy", options.assignment_strategy},
      {"session.timeout.ms", std::to_string(options.session_timeout.count())},
      {"heartbeat.interval.ms", std::to_string(options.heartbeat_interval.count())},
      {"topic.metadata.refresh.interval.ms", std::to_string(options.metadata_refresh.count())},
  };
  if (!options.group_instance_id.empty())
    ours.emplace_back("group.instance.id", options.group_instance_id);
  if (topics.has_globs())
    ours.emplace_back("topic.blacklist", R"(^.*\.dead-letter$)");
  return ours;
}

bool is_cooperative(rd_kafka_t* handle) {
  const char* protocol = rd_kafka_rebalance_protocol(handle);
  return protocol && std::string_view(protocol) == "COOPERATIVE";
}

void log_failure(rd_kafka_error_t* failed) {
  if (!failed)
    return;
  log::warning("kafka_assign_failed", {{"detail", rd_kafka_error_string(failed)}});
  rd_kafka_error_destroy(failed);
}

std::chrono::milliseconds until(group_member::clock::time_point deadline) {
  const auto left =
      std::chrono::duration_cast<std::chrono::milliseconds>(deadline - group_member::clock::now());
  return std::max(left, std::chrono::milliseconds(0));
}

} // namespace

result<std::unique_ptr<group_member>>
group_member::create(const consumer_options& options, const topic_selection& topics, wakeup& bell) {
  if (options.group_id.empty())
    return error{errc::configuration, "kafka.group_id is empty"};
  if (auto allowed = check_strategy(options); !allowed)
    return allowed.failure();
  auto conf = make_conf(options.connection, settings_of(options, topics));
  if (!conf)
    return conf.failure();
  rd_kafka_conf_set_events(conf->get(), RD_KAFKA_EVENT_REBALANCE | RD_KAFKA_EVENT_ERROR |
                                            RD_KAFKA_EVENT_OFFSET_COMMIT);
  auto handle = make_handle(RD_KAFKA_CONSUMER, std::move(*conf), options.connection);
  if (!handle)
    return handle.failure();
  std::unique_ptr<group_member> made(new group_member(std::move(*handle), options, bell));
  if (auto done = made->subscribe(topics); !done)
    return done.failure();
  return made;
}

group_member::group_member(handle_ptr handle, const consumer_options& options, wakeup& bell)
    : handle_(handle.release()), bell_(bell), commit_interval_(options.commit_interval) {
  rd_kafka_poll_set_consumer(handle_.get());
  queue_.reset(rd_kafka_queue_get_consumer(handle_.get()));
  rd_kafka_queue_cb_event_enable(queue_.get(), &group_member::ring, &bell_);
}

void group_member::ring(rd_kafka_t* /*handle*/, void* bell) {
  static_cast<wakeup*>(bell)->ring();
}

result<void> group_member::subscribe(const topic_selection& topics) {
  const auto wanted = topics.subscription();
  const partition_list_ptr list(rd_kafka_topic_partition_list_new(static_cast<int>(wanted.size())));
  for (const auto& entry : wanted)
    rd_kafka_topic_partition_list_add(list.get(), entry.c_str(), RD_KAFKA_PARTITION_UA);
  const auto failed = rd_kafka_subscribe(handle_.get(), list.get());
  if (failed != RD_KAFKA_RESP_ERR_NO_ERROR)
    return error{errc::configuration, std::string("kafka.topics: ") + rd_kafka_err2str(failed)};
  return {};
}

void group_member::serve(group_events& events) {
  while (event_ptr event{rd_kafka_queue_poll(queue_.get(), 0)})
    handle_event(event.get(), &events);
}

void group_member::handle_event(rd_kafka_event_t* event, group_events* events) {
  switch (rd_kafka_event_type(event)) {
  case RD_KAFKA_EVENT_REBALANCE:
    rebalance(event, events);
    break;
  case RD_KAFKA_EVENT_OFFSET_COMMIT:
    settle(event);
    break;
  case RD_KAFKA_EVENT_ERROR: {
    const auto code = rd_kafka_event_error(event);
    const char* text = rd_kafka_event_error_string(event);
    log::debug("kafka_group_error", {{"code", rd_kafka_err2name(code)}, {"detail", text}});
    if (!events)
      break;
    if (rd_kafka_event_error_is_fatal(event) || is_refusal(code))
      events->on_group_fatal(refusal(code, text ? text : rd_kafka_err2str(code)));
    else if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
      events->on_all_brokers_down();
    break;
  }
  default:
    break;
  }
}

void group_member::rebalance(rd_kafka_event_t* event, group_events* events) {
  const auto* list = rd_kafka_event_topic_partition_list(event);
  const bool assign = rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
  const bool cooperative = is_cooperative(handle_.get());
  const partition_list_ptr nothing(rd_kafka_topic_partition_list_new(0));

  if (!cooperative)
    assigned_.clear();
  for (int i = 0; list && i < list->cnt; ++i) {
    topic_partition source{list->elems[i].topic, list->elems[i].partition};
    if (assign)
      assigned_.insert(std::move(source));
    else
      assigned_.erase(source);
  }
  rebalancing_ = !assign;
  if (assign && leaving_ && !cooperative)
    return;
  if (cooperative)
    log_failure(assign ? rd_kafka_incremental_assign(handle_.get(), nothing.get())
                       : rd_kafka_incremental_unassign(handle_.get(), nothing.get()));
  else
    rd_kafka_assign(handle_.get(), assign ? nothing.get() : nullptr);
  if (assign && events)
    events->on_assigned({assigned_.begin(), assigned_.end()});
}

void group_member::commit(const topic_partition& source, next_offset applied) {
  due_[source] = applied;
}

void group_member::send_commits(clock::time_point now) {
  if (now < next_commit_ || rebalancing_ || commits_in_flight_ > 0 || due_.empty())
    return;
  next_commit_ = now + commit_interval_;
  commit_now();
}

bool group_member::commit_now() {
  const partition_list_ptr list(rd_kafka_topic_partition_list_new(static_cast<int>(due_.size())));
  for (auto it = due_.begin(); it != due_.end();) {
    // What is no longer ours by the group's word is committed by its next owner.
    if (assigned_.contains(it->first))
      rd_kafka_topic_partition_list_add(list.get(), it->first.topic.c_str(), it->first.partition)
          ->offset = it->second.value();
    it = due_.erase(it);
  }
  if (list->cnt == 0)
    return false;
  if (rd_kafka_commit_queue(handle_.get(), list.get(), queue_.get(), nullptr, nullptr) !=
      RD_KAFKA_RESP_ERR_NO_ERROR)
    return false;
  ++commits_in_flight_;
  return true;
}

void group_member::settle(rd_kafka_event_t* committed) {
  if (commits_in_flight_ > 0)
    --commits_in_flight_;
  const auto failed = rd_kafka_event_error(committed);
  if (failed == RD_KAFKA_RESP_ERR_NO_ERROR || failed == RD_KAFKA_RESP_ERR__NO_OFFSET)
    return;
  // These offsets are for lag tools: a newer one, or this one again, goes out with the next.
  log::debug("kafka_commit_refused", {{"code", rd_kafka_err2name(failed)}});
  const auto* list = rd_kafka_event_topic_partition_list(committed);
  for (int i = 0; list && i < list->cnt; ++i)
    due_.try_emplace({list->elems[i].topic, list->elems[i].partition},
                     next_offset(list->elems[i].offset));
}

bool group_member::leave(clock::time_point deadline) {
  // A commit may hang in a rebalance: it gets a part of the time, leaving gets the rest.
  const auto commit_deadline = clock::now() + until(deadline) / 2;
  if (!rebalancing_ && !due_.empty())
    commit_now();
  while (commits_in_flight_ > 0 && clock::now() < commit_deadline)
    if (const event_ptr event{rd_kafka_queue_poll(queue_.get(), to_int_ms(until(commit_deadline)))})
      handle_event(event.get(), nullptr);

  // An answer that the library does not wait for and finds in its queue when it ends the group
  // hangs for ever (its issue 4884). So what waits here is answered while it does not end yet, with
  // the subscription gone, so that nothing more is taken from us or given ...
  rd_kafka_unsubscribe(handle_.get());
  while (const event_ptr event{rd_kafka_queue_poll(queue_.get(), 0)})
    handle_event(event.get(), nullptr);

  // A queue of its own: the consumer's one is forwarded to it, and not to itself.
  const queue_ptr closing(rd_kafka_queue_new(handle_.get()));
  if (auto* failed = rd_kafka_consumer_close_queue(handle_.get(), closing.get())) {
    log::debug("kafka_close_refused", {{"detail", rd_kafka_error_string(failed)}});
    rd_kafka_error_destroy(failed);
    return true; // closed before, or fatal: there is no membership to give back
  }
  leaving_ = true; // ... and an assignment of a round that was under way is not answered at all
  while (!rd_kafka_consumer_closed(handle_.get()) && clock::now() < deadline) {
    const auto step = std::min(until(deadline), std::chrono::milliseconds(100));
    if (const event_ptr event{rd_kafka_queue_poll(closing.get(), to_int_ms(step))})
      handle_event(event.get(), nullptr);
  }
  return rd_kafka_consumer_closed(handle_.get()) != 0;
}

} // namespace tradepulse::kafka
