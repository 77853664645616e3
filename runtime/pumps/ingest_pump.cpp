#include "runtime/pumps/ingest_pump.hpp"

#include <algorithm>
#include <utility>

#include <caf/send.hpp>

#include "actors/message_types.hpp"
#include "protocol/log.hpp"

namespace tradepulse {

ingest_pump::ingest_pump(parts given)
    : parts_(std::move(given)),
      last_commit_(std::chrono::steady_clock::now().time_since_epoch().count()) {}

void ingest_pump::connect(partition_reader* reader) {
  std::lock_guard lock(reader_mutex_);
  reader_ = reader;
  for (const auto& each : std::exchange(early_, {}))
    each(*reader_);
}

void ingest_pump::disconnect() {
  std::lock_guard lock(reader_mutex_);
  reader_ = nullptr;
  disconnected_ = true;
  early_.clear();
  supervisor_ = nullptr;
}

void ingest_pump::command(std::function<void(partition_reader&)> what) {
  std::lock_guard lock(reader_mutex_);
  if (reader_)
    what(*reader_);
  else if (!disconnected_)
    early_.push_back(std::move(what));
}

std::chrono::steady_clock::duration ingest_pump::since_last_commit() const noexcept {
  return std::chrono::steady_clock::now().time_since_epoch() -
         std::chrono::steady_clock::duration{last_commit_.load()};
}

ingest_pump::place& ingest_pump::place_of(const topic_partition& source) {
  std::lock_guard lock(mutex_);
  auto& slot = places_[source];
  if (!slot) {
    slot = std::make_unique<place>();
    // Read when /metrics is asked for: records that are not committed in PostgreSQL yet.
    parts_.metrics->make_function(
        metrics::kind::gauge, "tradepulse_kafka_lag_records",
        "Records of the partition that are not applied yet",
        {{"topic", source.topic}, {"partition", std::to_string(source.partition)}},
        [at = slot.get()] {
          const auto end = at->end.load();
          const auto applied = at->applied.load();
          return end < 0 || applied < 0 || !at->assigned
                     ? 0.0
                     : static_cast<double>(std::max<std::int64_t>(end - applied, 0));
        });
  }
  return *slot;
}

std::vector<ingest_pump::position> ingest_pump::positions() const {
  std::lock_guard lock(mutex_);
  std::vector<position> out;
  for (const auto& [source, at] : places_) {
    position each{source, {}, {}};
    if (at->end.load() >= 0)
      each.end = high_watermark{at->end.load()};
    if (at->applied.load() >= 0)
      each.applied = next_offset{at->applied.load()};
    out.push_back(std::move(each));
  }
  return out;
}

// --- from the consumer thread ------------------------------------------------------------------

void ingest_pump::on_assignment(const std::vector<topic_partition>& assigned) {
  std::string list;
  for (const auto& each : assigned)
    list += (list.empty() ? "" : ",") + each.to_string();
  log::info("assigned", {{"partitions", assigned.size()}, {"list", list}});
  caf::anon_send(supervisor_, assignment_changed{assigned});
  {
    std::lock_guard lock(mutex_);
    for (auto& [source, at] : places_)
      at->assigned = std::find(assigned.begin(), assigned.end(), source) != assigned.end();
  }
}

std::size_t ingest_pump::allowance(const topic_partition& source) {
  const std::size_t credit = parts_.credit->allowance(source);
  return credit == 0 ? 0 : std::min(credit, parts_.window->allowance());
}

void ingest_pump::on_batch(std::shared_ptr<const record_batch> batch) {
  auto to = parts_.routes->find(batch->source);
  if (!to)
    return; // given up meanwhile
  auto lease = parts_.credit->take(batch->source, batch->credit_events(), batch->credit_bytes());
  auto passage = parts_.window->take(batch->credit_events());
  caf::anon_send(to, batch_arrived{std::move(batch), std::move(lease), std::move(passage)});
}

void ingest_pump::on_fault(const topic_partition& source, generation gen, read_fault fault,
                           const std::string& detail) {
  if (auto to = parts_.routes->find(source))
    caf::anon_send(to, fault_reported{gen, fault, detail});
}

void ingest_pump::on_broker_state(bool reachable) {
  if (!reachable) {
    log::warning("brokers_away", {{"action", "wait"}});
    parts_.health->set("kafka", "no broker is reachable (kafka.brokers)");
    return;
  }
  log::info("broker_reachable");
  parts_.health->clear("kafka");
  caf::anon_send(supervisor_, broker_back{});
}

void ingest_pump::on_high_watermark(const topic_partition& source, high_watermark end) {
  place_of(source).end = end.value();
}

void ingest_pump::on_fatal(const error& why) {
  parts_.fatal(error{why.code, "kafka: " + why.detail});
}

// --- to the consumer thread --------------------------------------------------------------------

void ingest_pump::start(const topic_partition& source, generation gen, next_offset from,
                        std::optional<applied_record> before) {
  place_of(source).applied = from.value();
  command([=](partition_reader& to) { to.start(source, gen, from, before); });
}

void ingest_pump::stop(const topic_partition& source) {
  command([=](partition_reader& to) { to.stop(source); });
}

void ingest_pump::commit(const topic_partition& source, next_offset applied) {
  last_commit_ = std::chrono::steady_clock::now().time_since_epoch().count();
  place_of(source).applied = applied.value();
  command([=](partition_reader& to) { to.commit(source, applied); });
}

void ingest_pump::wake() {
  command([](partition_reader& to) { to.wake(); });
}

} // namespace tradepulse
