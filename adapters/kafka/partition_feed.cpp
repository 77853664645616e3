#include "adapters/kafka/partition_feed.hpp"

#include <algorithm>

#include "adapters/kafka/record_copy.hpp"
#include "protocol/log.hpp"

namespace tradepulse::kafka {
namespace {

using steady = std::chrono::steady_clock;
// Messages asked for at a time at most: the library counts messages, we bound bytes too.
constexpr std::size_t max_slice_messages = 512;
constexpr auto retry_after = std::chrono::seconds(1);
constexpr int most_failures = 5;

bool is_out_of_range(rd_kafka_resp_err_t code) {
  return code == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET ||
         code == RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE;
}

} // namespace

partition_feed::partition_feed(const feed_host& host, rd_kafka_topic_t* topic,
                               topic_partition source, generation gen, next_offset from,
                               std::optional<applied_record> before)
    : host_(host), topic_(topic), source_(std::move(source)), gen_(gen), expected_(from.value()),
      continuity_(*host.doubts, source_, from, before) {
  if (!start())
    retry_at_ = steady::now();
}

partition_feed::~partition_feed() {
  stop();
}

bool partition_feed::start() {
  queue_.reset(rd_kafka_queue_new(host_.reader));
  // A callback and not a file descriptor of the library: it says which queue has been filled.
  rd_kafka_queue_cb_event_enable(queue_.get(), &partition_feed::on_queue_filled, this);
  if (rd_kafka_consume_start_queue(topic_, source_.partition, continuity_.begin_again(),
                                   queue_.get()) == 0)
    return true;
  rd_kafka_queue_cb_event_enable(queue_.get(), nullptr, nullptr);
  queue_.reset();
  return false;
}

void partition_feed::stop() {
  if (!queue_)
    return;
  // Waits for the library's main thread, which never blocks: microseconds.
  rd_kafka_consume_stop(topic_, source_.partition);
  rd_kafka_queue_cb_event_enable(queue_.get(), nullptr, nullptr);
  queue_.reset(); // with what was prefetched
  filled_ = false;
}

void partition_feed::on_queue_filled(rd_kafka_t* /*handle*/, void* self) {
  auto* feed = static_cast<partition_feed*>(self);
  feed->filled_.store(true);
  feed->host_.bell->ring();
}

bool partition_feed::ready(steady::time_point now) const noexcept {
  return !dead_ && (filled_.load() || (retry_at_ && *retry_at_ <= now));
}

void partition_feed::take_messages(std::size_t limit_records, std::size_t limit_bytes) {
  std::size_t count = 0;
  std::size_t bytes = 0;
  const std::size_t waiting = rd_kafka_queue_length(queue_.get());
  // Cleared before looking: the library rings again when an empty queue gets something. A queue
  // that was not emptied does not ring, so it stays marked.
  filled_.store(false);
  bool emptied = false;
  while (count < limit_records && bytes < limit_bytes) {
    const std::size_t fitting = (limit_bytes - bytes) / average_bytes_;
    const std::size_t wanted =
        std::min(std::clamp<std::size_t>(fitting, 1, max_slice_messages), limit_records - count);
    taken_.resize(count + wanted);
    const auto got = rd_kafka_consume_batch_queue(queue_.get(), 0, taken_.data() + count, wanted);
    const auto more = got > 0 ? static_cast<std::size_t>(got) : 0;
    for (std::size_t i = count; i < count + more; ++i)
      bytes += taken_[i]->len + taken_[i]->key_len;
    count += more;
    if (more < wanted) {
      emptied = true;
      break;
    }
  }
  taken_.resize(count);
  if (count > 0)
    average_bytes_ = std::max<std::size_t>(1, bytes / count);
  if (count > 0 && waiting * average_bytes_ >= host_.queue_bytes / 2)
    room_made_ = true;
  if (!emptied)
    filled_.store(true);
}

void partition_feed::drop_messages() {
  for (auto* message : taken_)
    rd_kafka_message_destroy(message);
  taken_.clear();
}

std::optional<feed_fault> partition_feed::start_again(steady::time_point now) {
  retry_at_.reset();
  stop();
  if (start())
    return std::nullopt;
  retry_at_ = now + retry_after;
  return feed_fault{read_fault::transient, std::nullopt,
                    source_.to_string() + ": cannot be started at offset " +
                        std::to_string(expected_) + ": " + rd_kafka_err2str(rd_kafka_last_error())};
}

std::optional<feed_fault> partition_feed::settle_doubt(steady::time_point now) {
  log::info("kafka_read_again", {{"source", source_.to_string()}, {"next_offset", expected_}});
  drop_messages();
  if (continuity_.can_settle())
    return start_again(now);
  return replaced("the broker refused to read on, and no record is known to compare");
}

feed_fault partition_feed::replaced(const std::string& why) {
  dead_ = true;
  return {read_fault::offset_out_of_range, std::nullopt, source_.to_string() + ": " + why};
}

feed_reading partition_feed::read(const feed_limits& limits, steady::time_point now) {
  if (retry_at_) {
    if (*retry_at_ > now)
      return {};
    if (auto failed = start_again(now))
      return {nullptr, std::move(failed)};
  }
  take_messages(limits.records, limits.bytes);
  if (taken_.empty())
    return {};
  if (continuity_.doubtful(taken_))
    return {nullptr, settle_doubt(now)};
  feed_reading reading = judge_messages(now);
  drop_messages();
  return reading;
}

feed_reading partition_feed::judge_messages(steady::time_point now) {
  feed_reading reading;
  std::size_t begin = 0;
  std::size_t end = 0;
  for (; end < taken_.size() && !reading.fault; ++end) {
    const auto& message = *taken_[end];
    if (message.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      reading.fault = judge(message, now);
      break;
    }
    if (continuity_.recognition_due()) {
      if (const auto wrong = continuity_.recognise(message))
        reading.fault = replaced(*wrong);
      begin = 1;
      continue;
    }
    if (message.offset < expected_) {
      reading.fault = replaced("offset " + std::to_string(message.offset) +
                               " came where at least " + std::to_string(expected_) + " was due");
      break;
    }
    expected_ = message.offset + 1;
    failures_ = 0;
  }
  if (end <= begin)
    return reading;
  continuity_.remember(*taken_[end - 1]);
  const auto batch = std::make_shared<record_batch>();
  batch->source = source_;
  batch->gen = gen_;
  copy_into(*batch, {taken_.data() + begin, end - begin});
  reading.batch = batch;
  return reading;
}

std::optional<feed_fault> partition_feed::judge(const rd_kafka_message_t& failed,
                                                steady::time_point now) {
  feed_fault fault;
  const auto why = refusal(failed.err, rd_kafka_message_errstr(&failed));
  fault.detail =
      source_.to_string() + " at offset " + std::to_string(expected_) + ": " + why.detail;
  if (is_refusal(failed.err) || failed.err == RD_KAFKA_RESP_ERR__FATAL)
    fault.fatal = why.code;
  if (is_out_of_range(failed.err)) {
    dead_ = true;
    fault.kind = read_fault::offset_out_of_range;
  } else if (is_unknown_partition(failed.err)) {
    dead_ = true;
    fault.kind = read_fault::partition_gone;
  } else if (++failures_ >= most_failures) {
    dead_ = true;
    fault.kind = read_fault::offset_out_of_range;
    fault.detail += "; tried " + std::to_string(failures_) + " times";
  } else {
    // The library may go on behind the record that it could not read; what it has after it in
    // the queue is thrown away with the queue.
    retry_at_ = now + retry_after;
    filled_ = false;
  }
  return fault;
}

std::optional<high_watermark> partition_feed::known_end() const {
  std::int64_t low = 0;
  std::int64_t high = 0;
  if (rd_kafka_get_watermark_offsets(host_.reader, source_.topic.c_str(), source_.partition, &low,
                                     &high) != RD_KAFKA_RESP_ERR_NO_ERROR ||
      high < 0)
    return std::nullopt;
  return high_watermark(high);
}

} // namespace tradepulse::kafka
