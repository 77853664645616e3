#include "adapters/kafka/log_inspector_kafka.hpp"

#include <mutex>
#include <thread>

#include "adapters/kafka/inspection.hpp"

namespace tradepulse::kafka {

class log_inspector_kafka::core {
 public:
  core(inspector_options options, handle_ptr handle)
      : options_(std::move(options)), handle_(std::move(handle)), thread_([this] { run(); }) {}

  ~core() {
    {
      const std::lock_guard guard(mutex_);
      stopping_ = true;
    }
    bell_.ring();
    thread_.join();
  }

  void add(const topic_partition& source, std::optional<record_offset> record, answer then) {
    inspection_job job{
        source, record, std::move(then), std::chrono::steady_clock::now() + options_.deadline, {}};
    {
      const std::lock_guard guard(mutex_);
      asked_.push_back(std::move(job));
    }
    bell_.ring();
  }

 private:
  void run() {
    inspections open(handle_.get(), options_.connection, bell_);
    for (;;) {
      std::vector<inspection_job> asked;
      bool stopping = false;
      {
        const std::lock_guard guard(mutex_);
        asked.swap(asked_);
        stopping = stopping_;
      }
      for (auto& job : asked)
        open.add(std::move(job));
      if (stopping)
        break;
      open.advance();
      bell_.wait(open.pause().value_or(std::chrono::seconds(1)));
    }
    open.fail_all("the process is stopping");
  }

  const inspector_options options_;
  handle_ptr handle_;
  wakeup bell_;
  std::mutex mutex_;
  std::vector<inspection_job> asked_;
  bool stopping_ = false;
  std::thread thread_;
};

result<std::unique_ptr<log_inspector_kafka>> log_inspector_kafka::open(inspector_options options) {
  const std::vector<setting> ours{
      {"enable.auto.commit", "false"},
      {"enable.auto.offset.store", "false"},
      {"auto.offset.reset", "error"},
      {"check.crcs", "true"},
      {"enable.partition.eof", "true"},
      // One record of each partition is wanted: little at a time, and no wait for more. The bounds
      // of
      // the queue stay at their defaults: queued.min.messages=1 is reached by a note that the
      // library itself leaves there at each start, and then it fetches a second later.
      {"max.partition.fetch.bytes", "262144"},
      {"fetch.wait.max.ms", "10"},
  };
  auto conf = make_conf(options.connection, ours);
  if (!conf)
    return conf.failure();
  auto handle = make_handle(RD_KAFKA_CONSUMER, std::move(*conf), options.connection);
  if (!handle)
    return handle.failure();
  return std::unique_ptr<log_inspector_kafka>(
      new log_inspector_kafka(std::make_unique<core>(std::move(options), std::move(*handle))));
}

log_inspector_kafka::log_inspector_kafka(std::unique_ptr<core> made) : core_(std::move(made)) {}
log_inspector_kafka::~log_inspector_kafka() = default;

void log_inspector_kafka::inspect(const topic_partition& source,
                                  std::optional<record_offset> record, answer then) {
  core_->add(source, record, std::move(then));
}

} // namespace tradepulse::kafka
