// What consuming and decoding costs at least: one thread that takes batches from a queue for each
// partition (as adapters/kafka does) and decodes them on the spot, without copies, actors or a
// database. Prints one line of JSON: records, sums of what was decoded, CPU of the whole process
// (librdkafka's threads too) and wall time, from the first start of a partition to the last record.
#include <array>
#include <atomic>
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <librdkafka/rdkafka.h>

#include "adapters/json/decoders.hpp"
#include "adapters/json/fields.hpp"
#include "adapters/kafka/consumer.hpp"
#include "adapters/kafka/handle.hpp"
#include "adapters/kafka/record_copy.hpp"
#include "adapters/kafka/wakeup.hpp"

namespace {

using namespace tradepulse;
using steady = std::chrono::steady_clock;

constexpr std::size_t batch_messages = 1000; // of one partition, before the next one's turn
constexpr auto patience = std::chrono::seconds(30);

// Sums wrap at 2^64; they are compared with sums that wrap too.
struct sums {
  std::uint64_t records = 0;
  std::uint64_t price_units = 0;
  std::uint64_t volume_units = 0;
  std::uint64_t times = 0;

  void add(const tick& t) {
    price_units += static_cast<std::uint64_t>(t.price.units());
    if (t.volume)
      volume_units += static_cast<std::uint64_t>(t.volume->units());
    times += static_cast<std::uint64_t>(t.event_time.time_since_epoch().count());
  }
};

class work {
 public:
  virtual ~work() = default;
  virtual void take(const record& r, sums& into) = 0;
};

// Nothing but the bytes: what librdkafka itself costs.
class consume_only final : public work {
 public:
  void take(const record&, sums&) override {}
};

// RapidJSON, iterative, numbers as text, then exact decimals: the floor that ratios refer to.
class by_rapidjson final : public work {
 public:
  void take(const record& r, sums& into) override {
    decoded_tick out;
    if (members_.read_by_parser(*r.value) ||
        json::read_symbol("symbol", members_.top(0), out.symbol) ||
        json::read_price("price", members_.top(1), out.tick.price) ||
        json::read_volume("volume", members_.top(2), out.tick.volume) ||
        json::read_time("timestamp", members_.top(3), r.append_time, std::chrono::hours(1),
                        out.tick.event_time))
      throw std::runtime_error("a record cannot be decoded");
    into.add(out.tick);
  }

 private:
  static constexpr std::array<std::string_view, 4> names{"symbol", "price", "volume", "timestamp"};
  json::member_reader members_{{{names}}};
};

// The decoder that the engine uses (a scanner for the usual shape before RapidJSON).
class by_decoder final : public work {
 public:
  void take(const record& r, sums& into) override {
    const auto outcome = decoder_->decode(r);
    const auto* decoded = std::get_if<decoded_tick>(&outcome);
    if (!decoded)
      throw std::runtime_error("a record cannot be decoded");
    into.add(decoded->tick);
  }

 private:
  std::unique_ptr<tick_decoder> decoder_ = make_decoder(decoder_kind::price_ticks);
};

std::unique_ptr<work> make_work(std::string_view mode) {
  if (mode == "consume")
    return std::make_unique<consume_only>();
  if (mode == "rapidjson")
    return std::make_unique<by_rapidjson>();
  if (mode == "decoder")
    return std::make_unique<by_decoder>();
  throw std::runtime_error("mode is consume, rapidjson or decoder");
}

struct feed {
  std::int32_t partition = 0;
  std::int64_t next = 0;
  std::int64_t end = 0;
  kafka::queue_ptr queue;
  std::atomic<bool> filled{true};
  kafka::wakeup* bell = nullptr;
};

void on_filled(rd_kafka_t*, void* opaque) {
  auto* self = static_cast<feed*>(opaque);
  self->filled = true;
  self->bell->ring();
}

std::string number(std::size_t value) {
  return std::to_string(value);
}

kafka::handle_ptr open_reader(const std::string& brokers, std::size_t partitions) {
  kafka::connection_options connection;
  connection.brokers = brokers;
  const kafka::consumer_options like;
  // As the engine's reader (adapters/kafka/consumer_core.cpp).
  const std::vector<kafka::setting> ours{
      {"enable.auto.commit", "false"},
      {"enable.auto.offset.store", "false"},
      {"auto.offset.reset", "error"},
      {"check.crcs", "true"},
      {"queued.min.messages", "1000000"},
      {"queued.max.messages.kbytes",
       number(kafka::prefetch_kbytes(like.prefetch_bytes, partitions))},
      {"fetch.max.bytes", number(like.fetch_max_bytes)},
      {"fetch.wait.max.ms", "10"},
  };
  auto conf = kafka::make_conf(connection, ours);
  if (!conf)
    throw std::runtime_error(conf.failure().detail);
  auto made = kafka::make_handle(RD_KAFKA_CONSUMER, std::move(*conf), connection);
  if (!made)
    throw std::runtime_error(made.failure().detail);
  return std::move(*made);
}

double process_cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

// One turn of a partition. True: its queue may hold more.
bool read_some(feed& from, std::vector<rd_kafka_message_t*>& taken, work& todo, sums& done) {
  from.filled = false; // before looking: a ring that comes now is not lost
  const auto got = rd_kafka_consume_batch_queue(from.queue.get(), 0, taken.data(), batch_messages);
  if (got < 0)
    throw std::runtime_error("rd_kafka_consume_batch_queue failed");
  const auto count = static_cast<std::size_t>(got);
  for (std::size_t i = 0; i < count; ++i) {
    const auto& message = *taken[i];
    if (message.err != RD_KAFKA_RESP_ERR_NO_ERROR)
      throw std::runtime_error(rd_kafka_message_errstr(&message));
    if (message.offset < from.next)
      throw std::runtime_error("offsets do not rise");
    from.next = message.offset + 1;
    todo.take(kafka::view_of(message), done);
    rd_kafka_message_destroy(taken[i]);
  }
  done.records += count;
  return count == batch_messages;
}

void run(const std::string& brokers, const std::string& topic_name, std::int32_t partitions,
         std::string_view mode) {
  const auto todo = make_work(mode);
  const auto reader = open_reader(brokers, static_cast<std::size_t>(partitions));
  const kafka::topic_ptr topic{rd_kafka_topic_new(reader.get(), topic_name.c_str(), nullptr)};
  kafka::wakeup bell;
  std::vector<std::unique_ptr<feed>> feeds;
  for (std::int32_t i = 0; i < partitions; ++i) {
    auto made = std::make_unique<feed>();
    made->partition = i;
    made->bell = &bell;
    if (rd_kafka_query_watermark_offsets(reader.get(), topic_name.c_str(), i, &made->next,
                                         &made->end, 10'000) != RD_KAFKA_RESP_ERR_NO_ERROR)
      throw std::runtime_error("the end of a partition is not known");
    made->queue.reset(rd_kafka_queue_new(reader.get()));
    rd_kafka_queue_cb_event_enable(made->queue.get(), on_filled, made.get());
    feeds.push_back(std::move(made));
  }

  sums done;
  std::vector<rd_kafka_message_t*> taken(batch_messages);
  const double cpu_before = process_cpu_seconds();
  const auto began = steady::now();
  auto last_progress = began;
  for (auto& each : feeds)
    if (rd_kafka_consume_start_queue(topic.get(), each->partition, each->next, each->queue.get()) !=
        0)
      throw std::runtime_error(rd_kafka_err2str(rd_kafka_last_error()));
  for (std::size_t open = feeds.size(); open > 0;) {
    const std::uint64_t before = done.records;
    bool more = false;
    open = 0;
    for (auto& each : feeds) {
      if (each->filled && read_some(*each, taken, *todo, done)) {
        each->filled = true;
        more = true;
      }
      open += each->next < each->end ? 1U : 0U;
    }
    if (done.records != before)
      last_progress = steady::now();
    else if (steady::now() - last_progress > patience)
      throw std::runtime_error("nothing came for 30 s");
    if (!more && open > 0)
      bell.wait(std::chrono::milliseconds(100));
  }
  const double wall = std::chrono::duration<double>(steady::now() - began).count();
  const double cpu = process_cpu_seconds() - cpu_before;
  std::printf("{\"records\":%" PRIu64 ",\"price_units\":%" PRIu64 ",\"volume_units\":%" PRIu64
              ",\"times\":%" PRIu64 ",\"cpu_seconds\":%.6f,\"wall_seconds\":%.6f}\n",
              done.records, done.price_units, done.volume_units, done.times, cpu, wall);
  for (auto& each : feeds) {
    rd_kafka_consume_stop(topic.get(), each->partition);
    rd_kafka_queue_cb_event_enable(each->queue.get(), nullptr, nullptr);
    each->queue.reset();
  }
}

} // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr, "usage: benchmark_ingest_floor BROKERS TOPIC PARTITIONS "
                         "consume|rapidjson|decoder\n");
    return 64;
  }
  try {
    run(argv[1], argv[2], std::atoi(argv[3]), argv[4]);
  } catch (const std::exception& fault) {
    std::fprintf(stderr, "benchmark_ingest_floor: %s\n", fault.what());
    return 70;
  }
  return 0;
}
