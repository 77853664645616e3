// Reads a topic by the engine's consumer and works on each record for a while, so that the brokers
// are faster than the reader: how much of the time has it something to work on?
//
//   benchmark_slow_reader BROKERS TOPIC RECORDS WORK_NS PREFETCH_BYTES FETCH_WAIT_MS
//
// Prints one line of JSON: records, wall_seconds, waited_seconds (nothing was there to work on),
// ratio (1 - waited / wall: 1 is a reader that never waits), longest_wait_ms, peak_rss_mb.

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include <sys/resource.h>

#include "adapters/kafka/consumer.hpp"
#include "adapters/kafka/offsets.hpp"

using namespace tradepulse;
using steady = std::chrono::steady_clock;

namespace {

constexpr std::size_t credit_records =
    50'000; // of a partition, as the engine's share of its budget
constexpr auto patience = std::chrono::seconds(60);

double seconds(steady::duration span) {
  return std::chrono::duration<double>(span).count();
}

long peak_rss_mb() {
  rusage use{};
  ::getrusage(RUSAGE_SELF, &use);
  return use.ru_maxrss / 1024;
}

// The consumer thread hands batches over; the work is done elsewhere and gives the credit back.
class worker final : public ingest_listener {
 public:
  worker(std::size_t records, std::chrono::nanoseconds work) : wanted_(records), work_(work) {}

  void on_assignment(const std::vector<topic_partition>&) override {}
  std::size_t allowance(const topic_partition& source) override {
    const std::lock_guard guard(mutex_);
    return credit_records - held_[source];
  }
  void on_batch(std::shared_ptr<const record_batch> batch) override {
    {
      const std::lock_guard guard(mutex_);
      held_[batch->source] += batch->records.size();
      batches_.push_back(std::move(batch));
    }
    changed_.notify_one();
  }
  void on_fault(const topic_partition&, generation, read_fault, const std::string& text) override {
    std::fprintf(stderr, "fault: %s\n", text.c_str());
  }
  void on_broker_state(bool) override {}
  void on_high_watermark(const topic_partition&, high_watermark) override {}
  void on_fatal(const error& why) override { std::fprintf(stderr, "%s\n", why.detail.c_str()); }

  // Works until all have come. False: nothing came for a long time.
  bool run(kafka::consumer& reader) {
    std::unique_lock lock(mutex_);
    while (done_ < wanted_) {
      const auto asked = steady::now();
      if (!changed_.wait_for(lock, patience, [this] { return !batches_.empty(); }))
        return false;
      if (done_ == 0)
        began_ = steady::now();
      else
        waited(steady::now() - asked);
      const auto batch = std::move(batches_.front());
      batches_.pop_front();
      lock.unlock();
      const auto until = steady::now() + work_ * batch->records.size();
      while (steady::now() < until) {
      }
      lock.lock();
      held_[batch->source] -= batch->records.size();
      done_ += batch->records.size();
      lock.unlock();
      reader.wake();
      lock.lock();
    }
    ended_ = steady::now();
    return true;
  }

  void print() const {
    const double wall = seconds(ended_ - began_);
    std::printf("{\"records\": %zu, \"wall_seconds\": %.3f, \"waited_seconds\": %.3f, "
                "\"ratio\": %.3f, \"longest_wait_ms\": %.1f, \"peak_rss_mb\": %ld}\n",
                done_, wall, seconds(waited_), 1 - seconds(waited_) / wall,
                seconds(longest_wait_) * 1e3, peak_rss_mb());
  }

 private:
  void waited(steady::duration span) {
    waited_ += span;
    longest_wait_ = std::max(longest_wait_, span);
  }

  const std::size_t wanted_;
  const std::chrono::nanoseconds work_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<topic_partition, std::size_t> held_;
  std::deque<std::shared_ptr<const record_batch>> batches_;
  std::size_t done_ = 0;
  steady::time_point began_;
  steady::time_point ended_;
  steady::duration waited_{};
  steady::duration longest_wait_{};
};

} // namespace

int main(int argc, char** argv) {
  if (argc != 7) {
    std::fprintf(stderr, "usage: benchmark_slow_reader BROKERS TOPIC RECORDS WORK_NS "
                         "PREFETCH_BYTES FETCH_WAIT_MS\n");
    return 64;
  }
  kafka::consumer_options options;
  options.connection.brokers = argv[1];
  options.topics = {argv[2]};
  options.group_id = "benchmark-slow-reader";
  options.prefetch_bytes = std::stoul(argv[5]);
  options.fetch_wait_max = std::chrono::milliseconds(std::stol(argv[6]));
  const auto listed =
      kafka::list_offsets(options.connection, options.topics, std::chrono::seconds(10));
  if (!listed || listed->partitions.empty()) {
    std::fprintf(stderr, "no such topic\n");
    return 69;
  }
  worker work(std::stoul(argv[3]), std::chrono::nanoseconds(std::stol(argv[4])));
  auto reader = kafka::consumer::open(options, work);
  if (!reader)
    return 69;
  const auto joined = steady::now() + patience;
  while (!(*reader)->joined() && steady::now() < joined)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  for (const auto& each : listed->partitions)
    (*reader)->start(each.source, generation(1), *each.begin, {});
  if (!work.run(**reader))
    return 70;
  work.print();
  return 0;
}
