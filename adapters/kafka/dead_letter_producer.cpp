#include "adapters/kafka/dead_letter_producer.hpp"

#include <array>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <unordered_map>

#include "adapters/kafka/dead_letter_message.hpp"
#include "adapters/kafka/handle.hpp"
#include "adapters/kafka/wakeup.hpp"
#include "protocol/log.hpp"

namespace tradepulse::kafka {
namespace {

using steady = std::chrono::steady_clock;
constexpr auto retry_pause = std::chrono::milliseconds(20); // while librdkafka's queue is full
constexpr auto idle_pause = std::chrono::milliseconds(500);

struct open_letter {
  dead_letter letter;
  std::function<void(result<void>)> then;
  steady::time_point deadline;
  letter_form form = letter_form::whole;
  bool answered = false; // too late for its delivery report to matter
};

bool is_given_up(rd_kafka_resp_err_t failed) {
  return failed == RD_KAFKA_RESP_ERR__PURGE_QUEUE || failed == RD_KAFKA_RESP_ERR__PURGE_INFLIGHT ||
         failed == RD_KAFKA_RESP_ERR__FATAL;
}

using report_callback = void (*)(rd_kafka_t*, const rd_kafka_message_t*, void*);

result<handle_ptr> make_producer(const dead_letter_options& options, report_callback report,
                                 void* opaque) {
  const std::vector<setting> ours{
      {"enable.idempotence", "true"},
      {"linger.ms", "5"},
      {"message.timeout.ms", std::to_string(options.message_timeout.count())},
      {"queue.buffering.max.messages", std::to_string(options.queue_capacity_messages)},
      {"partitioner", "murmur2_random"}, // as Java producers choose
      // A broker refuses a whole batch for its size: batches stay below any sensible limit, so that
      // only a letter that is large itself is refused.
      {"batch.size", "32768"},
  };
  auto conf = make_conf(options.connection, ours);
  if (!conf)
    return conf.failure();
  rd_kafka_conf_set_opaque(conf->get(), opaque);
  rd_kafka_conf_set_dr_msg_cb(conf->get(), report);
  return make_handle(RD_KAFKA_PRODUCER, std::move(*conf), options.connection);
}

} // namespace

class dead_letter_producer::core {
 public:
  explicit core(dead_letter_options options) : options_(std::move(options)) {}

  result<void> start() {
    auto made = make_producer(options_, &core::take_report, this);
    if (!made)
      return made.failure();
    producer_ = std::move(*made);
    events_.reset(rd_kafka_queue_get_main(producer_.get()));
    listen();
    thread_ = std::thread([this] { run(); });
    return {};
  }

  ~core() {
    if (!thread_.joinable())
      return;
    {
      const std::lock_guard guard(mutex_);
      stopping_ = true;
    }
    bell_.ring();
    thread_.join();
  }

  void add(dead_letter letter, std::function<void(result<void>)> then) {
    {
      const std::lock_guard guard(mutex_);
      asked_.push_back({std::move(letter), std::move(then),
                        steady::now() + options_.message_timeout, letter_form::whole});
      ++open_;
    }
    bell_.ring();
  }

  bool drain(std::chrono::milliseconds deadline) {
    std::unique_lock lock(mutex_);
    return drained_.wait_for(lock, deadline, [this] { return open_ == 0; });
  }

 private:
  // The delivery report of a letter. Thread: the producer's, inside rd_kafka_poll.
  static void take_report(rd_kafka_t* /*handle*/, const rd_kafka_message_t* report, void* self) {
    static_cast<core*>(self)->reported(static_cast<open_letter*>(report->_private), report->err);
  }

  void reported(open_letter* raw, rd_kafka_resp_err_t failed) {
    const auto found = sent_.find(raw);
    if (found == sent_.end())
      return;
    const auto letter = std::move(found->second);
    sent_.erase(found);
    if (letter->answered)
      return;
    if (failed == RD_KAFKA_RESP_ERR_NO_ERROR)
      answer(*letter, {});
    else if (!ending_ && is_given_up(failed))
      waiting_.push_back(std::move(*letter)); // by us, to change the handle: sent anew
    else
      failed_to_send(std::move(*letter), failed);
  }

  void listen() {
    rd_kafka_queue_cb_event_enable(
        events_.get(), [](rd_kafka_t*, void* bell) { static_cast<wakeup*>(bell)->ring(); }, &bell_);
  }

  void run() {
    for (;;) {
      bool stopping = false;
      {
        const std::lock_guard guard(mutex_);
        stopping = stopping_;
        for (auto& letter : asked_)
          waiting_.push_back(std::move(letter));
        asked_.clear();
      }
      if (stopping)
        break;
      send_waiting();
      rd_kafka_poll(producer_.get(), 0);
      answer_late();
      renew_after_fatal();
      bell_.wait(waiting_.empty() ? idle_pause : retry_pause);
    }
    // Reports of what is purged come from the last poll.
    ending_ = true;
    rd_kafka_purge(producer_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    rd_kafka_poll(producer_.get(), 0);
    for (auto& [raw, letter] : std::exchange(sent_, {}))
      if (!letter->answered)
        answer(*letter, unavailable(*letter, "the process is stopping"));
    for (auto& letter : std::exchange(waiting_, {}))
      answer(letter, unavailable(letter, "the process is stopping"));
  }

  // librdkafka counts message.timeout.ms from when it got the letter, the promise is counted from
  // when we did.
  void answer_late() {
    const auto now = steady::now();
    if (now < next_look_)
      return;
    next_look_ = now + idle_pause;
    for (auto& [raw, letter] : sent_) {
      if (letter->answered || letter->deadline > now)
        continue;
      letter->answered = true;
      answer(*letter, unavailable(*letter, "not confirmed in time"));
      letter->letter.batch.reset();
    }
  }

  void send_waiting() {
    while (!waiting_.empty()) {
      if (waiting_.front().deadline <= steady::now()) {
        const auto late = std::move(waiting_.front());
        waiting_.pop_front();
        answer(late, unavailable(late, "not confirmed in time"));
        continue;
      }
      auto letter = std::make_unique<open_letter>(std::move(waiting_.front()));
      waiting_.pop_front();
      const auto failed = send_letter(producer_.get(), letter->letter, letter->form,
                                      options_.truncated_value_bytes, letter.get());
      if (failed == RD_KAFKA_RESP_ERR_NO_ERROR) {
        auto* raw = letter.get();
        sent_.emplace(raw, std::move(letter));
      } else if (failed == RD_KAFKA_RESP_ERR__QUEUE_FULL || failed == RD_KAFKA_RESP_ERR__FATAL) {
        waiting_.push_front(std::move(*letter)); // goes on when reports have made room
        return;
      } else {
        failed_to_send(std::move(*letter), failed);
      }
    }
  }

  void failed_to_send(open_letter letter, rd_kafka_resp_err_t failed) {
    if (failed == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE && make_smaller(letter)) {
      waiting_.push_front(std::move(letter));
      bell_.ring();
      return;
    }
    std::string why = rd_kafka_err2str(failed);
    if (failed == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE)
      why += ", also without its value: raise max.message.bytes of " +
             dead_letter_topic(letter.letter);
    answer(letter, unavailable(letter, why));
  }

  // False: there is nothing left to leave out.
  bool make_smaller(open_letter& letter) const {
    if (letter.form == letter_form::whole &&
        can_be_cut(letter.letter, options_.truncated_value_bytes))
      letter.form = letter_form::cut;
    else if (letter.form != letter_form::bare && can_be_cut(letter.letter, 0))
      letter.form = letter_form::bare;
    else
      return false;
    return true;
  }

  // After a fatal error (the broker lost what the idempotent producer had agreed with it) the
  // handle takes nothing any more: what it has is reported as failed, and a new one goes on.
  void renew_after_fatal() {
    std::array<char, 256> why{};
    if (rd_kafka_fatal_error(producer_.get(), why.data(), why.size()) == RD_KAFKA_RESP_ERR_NO_ERROR)
      return;
    log::warning("kafka_producer_renewed", {{"detail", why.data()}});
    rd_kafka_purge(producer_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    rd_kafka_flush(producer_.get(), 1000);
    auto made = make_producer(options_, &core::take_report, this);
    if (!made) {
      log::error("kafka_producer_lost", {{"detail", made.failure().detail}});
      return;
    }
    events_.reset();
    producer_ = std::move(*made);
    for (auto& [raw, letter] : std::exchange(sent_, {}))
      if (!letter->answered)
        waiting_.push_back(std::move(*letter));
    events_.reset(rd_kafka_queue_get_main(producer_.get()));
    listen();
  }

  void answer(const open_letter& letter, result<void> outcome) {
    letter.then(std::move(outcome));
    const std::lock_guard guard(mutex_);
    if (--open_ == 0)
      drained_.notify_all();
  }

  static std::string where(const open_letter& letter) {
    const auto& batch = *letter.letter.batch;
    return "dead letter of " + batch.source.to_string() + " offset " +
           std::to_string(batch.records.at(letter.letter.index).offset.value());
  }

  error unavailable(const open_letter& letter, std::string_view why) const {
    return brokers_error(errc::log_unavailable, options_.connection,
                         where(letter) + " to " + dead_letter_topic(letter.letter) + ": " +
                             std::string(why));
  }

  const dead_letter_options options_;
  wakeup bell_;
  std::mutex mutex_;
  std::condition_variable drained_;
  std::vector<open_letter> asked_;
  std::size_t open_ = 0;
  bool stopping_ = false;
  // The producer thread's own.
  std::deque<open_letter> waiting_;
  std::unordered_map<open_letter*, std::unique_ptr<open_letter>> sent_;
  steady::time_point next_look_{};
  bool ending_ = false;
  handle_ptr producer_;
  queue_ptr events_;
  std::thread thread_;
};

result<std::unique_ptr<dead_letter_producer>>
dead_letter_producer::open(dead_letter_options options) {
  auto made = std::make_unique<core>(std::move(options));
  if (auto done = made->start(); !done)
    return done.failure();
  return std::unique_ptr<dead_letter_producer>(new dead_letter_producer(std::move(made)));
}

dead_letter_producer::dead_letter_producer(std::unique_ptr<core> made) : core_(std::move(made)) {}
dead_letter_producer::~dead_letter_producer() = default;

void dead_letter_producer::produce(dead_letter letter, std::function<void(result<void>)> then) {
  core_->add(std::move(letter), std::move(then));
}

bool dead_letter_producer::drain(std::chrono::milliseconds deadline) {
  return core_->drain(deadline);
}

} // namespace tradepulse::kafka
