#include "adapters/kafka/consumer_core.hpp"

#include <algorithm>

#include "protocol/log.hpp"

namespace tradepulse::kafka {
namespace {

constexpr auto idle_wait = std::chrono::milliseconds(1000); // the group's queue is looked at anyway

} // namespace

consumer::core::core(consumer_options options, topic_selection topics, ingest_listener& listener)
    : options_(std::move(options)), topics_(std::move(topics)), listener_(listener),
      waker_(options_.connection) {}

result<void> consumer::core::join() {
  auto member = group_member::create(options_, topics_, bell_);
  if (!member)
    return member.failure();
  group_ = std::move(*member);
  probe_ = std::make_unique<broker_probe>(group_->handle(), topics_, options_.metadata_refresh,
                                          [this](probe_answer answer) {
                                            {
                                              const std::lock_guard guard(mutex_);
                                              missing_ = answer.missing;
                                              answer_ = std::move(answer);
                                            }
                                            bell_.ring();
                                          });
  return {};
}

void consumer::core::run() {
  for (;;) {
    {
      const std::lock_guard guard(mutex_);
      if (close_by_)
        break;
    }
    take_commands();
    group_->serve(*this);
    serve_reader_events();
    take_probe_answer();
    const bool more = read_all();
    if (reader_)
      waker_.wake_where_due(reader_.get(), clock::now());
    report_ends();
    group_->send_commits(clock::now());
    bell_.wait(more ? std::chrono::milliseconds(0) : time_to_wait());
  }
  shut_down();
  {
    const std::lock_guard guard(mutex_);
    ended_ = true;
  }
  ended_changed_.notify_all();
}

void consumer::core::post(reader_command command) {
  {
    const std::lock_guard guard(mutex_);
    commands_.push_back(std::move(command));
  }
  bell_.ring();
}

std::vector<std::string> consumer::core::missing_topics() const {
  const std::lock_guard guard(mutex_);
  return missing_;
}

bool consumer::core::close(std::chrono::milliseconds deadline) {
  std::unique_lock lock(mutex_);
  const auto by = clock::now() + deadline;
  if (!close_by_)
    close_by_ = by;
  bell_.ring();
  return ended_changed_.wait_until(lock, by, [this] { return ended_; });
}

void consumer::core::take_commands() {
  std::vector<reader_command> commands;
  {
    const std::lock_guard guard(mutex_);
    commands.swap(commands_);
  }
  bool changed = false;
  for (const auto& command : commands) {
    changed |= !std::holds_alternative<commit_command>(command);
    std::visit([this](const auto& one) { apply(one); }, command);
  }
  if (changed)
    watch_ends();
}

void consumer::core::apply(const start_command& command) {
  if (!reader_)
    if (auto done = open_reader(); !done) {
      on_group_fatal(done.failure());
      return;
    }
  feeds_.erase(command.source); // first: the library reads a partition once
  feeds_[command.source] =
      std::make_unique<partition_feed>(host_, topic_of(command.source.topic), command.source,
                                       command.gen, command.from, command.before);
  told_ends_.erase(command.source);
  absent_before_.erase(command.source);
}

void consumer::core::apply(const stop_command& command) {
  feeds_.erase(command.source);
  told_ends_.erase(command.source);
  absent_before_.erase(command.source);
}

void consumer::core::apply(const commit_command& command) {
  group_->commit(command.source, command.applied);
}

// Late, because the bound of a partition's queue is fixed with the handle and depends on how many
// partitions there are: at the first start the probe has usually counted them.
result<void> consumer::core::open_reader() {
  const std::size_t kilobytes =
      prefetch_kbytes(options_.prefetch_bytes, std::max(listed_partitions_, assigned_count_));
  const std::vector<setting> ours{
      {"enable.auto.commit", "false"},
      {"enable.auto.offset.store", "false"},
      {"auto.offset.reset", "error"},
      {"check.crcs", "true"},
      {"topic.metadata.refresh.interval.ms", std::to_string(options_.metadata_refresh.count())},
      // Reaching one of these two ends fetching until fetch_waker says that there is room.
      {"queued.min.messages", "1000000"},
      {"queued.max.messages.kbytes", std::to_string(kilobytes)},
      {"fetch.max.bytes", std::to_string(options_.fetch_max_bytes)},
      {"fetch.min.bytes", std::to_string(options_.fetch_min_bytes)},
      {"fetch.wait.max.ms", std::to_string(options_.fetch_wait_max.count())},
  };
  auto conf = make_conf(options_.connection, ours);
  if (!conf)
    return conf.failure();
  if (auto heard = fetch_doubts::listen(conf->get(), doubts_); !heard)
    return heard.failure();
  rd_kafka_conf_set_events(conf->get(), RD_KAFKA_EVENT_ERROR);
  auto made = make_handle(RD_KAFKA_CONSUMER, std::move(*conf), options_.connection);
  if (!made)
    return made.failure();
  reader_ = std::move(*made);
  host_ = {reader_.get(), &doubts_, &bell_, kilobytes * 1024};
  reader_events_.reset(rd_kafka_queue_get_main(reader_.get()));
  rd_kafka_queue_cb_event_enable(
      reader_events_.get(), [](rd_kafka_t*, void* bell) { static_cast<wakeup*>(bell)->ring(); },
      &bell_);
  return {};
}

rd_kafka_topic_t* consumer::core::topic_of(const std::string& name) {
  auto& known = topic_handles_[name];
  if (!known)
    known.reset(rd_kafka_topic_new(reader_.get(), name.c_str(), nullptr));
  return known.get();
}

void consumer::core::serve_reader_events() {
  if (!reader_events_)
    return;
  while (const event_ptr event{rd_kafka_queue_poll(reader_events_.get(), 0)}) {
    if (rd_kafka_event_type(event.get()) != RD_KAFKA_EVENT_ERROR)
      continue;
    const auto code = rd_kafka_event_error(event.get());
    if (rd_kafka_event_error_is_fatal(event.get()) || is_refusal(code))
      on_group_fatal(refusal(code, rd_kafka_event_error_string(event.get())));
    else if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
      on_all_brokers_down();
  }
}

// One batch of each partition that has something and may be read; who is first takes turns. True:
// something was left that may be read at once.
bool consumer::core::read_all() {
  if (feeds_.empty())
    return false;
  bool more = false;
  auto next = std::next(feeds_.begin(), static_cast<std::ptrdiff_t>(turn_++ % feeds_.size()));
  for (std::size_t i = 0; i < feeds_.size(); ++i, ++next) {
    if (next == feeds_.end())
      next = feeds_.begin();
    auto& feed = *next->second;
    if (!feed.ready(clock::now()))
      continue;
    const std::size_t allowed =
        std::min(listener_.allowance(feed.source()), options_.max_batch_records);
    if (allowed == 0)
      continue; // left with the library; wake() looks again
    deliver(feed, feed.read({allowed, options_.max_batch_bytes}, clock::now()));
    more |= feed.ready(clock::now());
    if (feed.take_room_made())
      waker_.room_was_made();
  }
  return more;
}

void consumer::core::deliver(partition_feed& feed, feed_reading reading) {
  if (reading.batch) {
    set_reachable(true);
    listener_.on_batch(std::move(reading.batch));
  }
  if (reading.fault)
    tell_fault(feed, *reading.fault);
}

std::chrono::milliseconds consumer::core::time_to_wait() const {
  auto wait = idle_wait;
  const auto now = clock::now();
  const auto look_again_at = [&](std::optional<clock::time_point> due) {
    if (due)
      wait = std::min(wait, std::chrono::ceil<std::chrono::milliseconds>(
                                std::max(*due - now, clock::duration::zero())));
  };
  look_again_at(waker_.due());
  for (const auto& [source, feed] : feeds_)
    look_again_at(feed->retry_at());
  return wait;
}

void consumer::core::shut_down() {
  clock::time_point by;
  std::vector<reader_command> last;
  {
    const std::lock_guard guard(mutex_);
    by = *close_by_;
    last.swap(commands_);
  }
  for (const auto& command : last)
    if (const auto* commit = std::get_if<commit_command>(&command))
      apply(*commit);
  feeds_.clear();
  probe_.reset();
  // Destroying the handles takes time too: leaving may use three quarters of what is left.
  const auto now = clock::now();
  left_group_ = group_->leave(now + std::max(by - now, clock::duration::zero()) * 3 / 4);
  topic_handles_.clear();
  reader_events_.reset();
  reader_.reset();
  group_.reset();
}

} // namespace tradepulse::kafka
