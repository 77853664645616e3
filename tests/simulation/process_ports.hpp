#pragma once

#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "tests/simulation/process.hpp"

// The ports of one process, as the simulation plays them.
namespace tradepulse::simulation {

class queued_io final : public io_thread {
 public:
  queued_io(turns& all, place& at, place& behind) : all_(all), at_(at), behind_(behind) {}
  void post(std::function<void()> task) override { all_.add(at_, std::move(task)); }
  void post_behind(std::function<void()> task) override { all_.add(behind_, std::move(task)); }

 private:
  turns& all_;
  place& at_;
  place& behind_;
};

// Reads partitions, and looks again at what it has read where the log may be another one.
class simulated_reader final : public partition_reader {
 public:
  explicit simulated_reader(outside& world) : world_(world) {}

  void start(const topic_partition& source, generation gen, next_offset from,
             std::optional<applied_record> before) override {
    world_.found.happened("reads " + source.to_string() + " from " + std::to_string(from.value()));
    reading_[source] = {gen, from.value(), before, 0};
  }
  void stop(const topic_partition& source) override { reading_.erase(source); }
  void commit(const topic_partition&, next_offset) override {}
  void wake() override {}

  bool has_something(const topic_partition& source) {
    const auto found = reading_.find(source);
    if (found == reading_.end())
      return false;
    const auto& log = world_.log.at(source);
    return found->second.next < log.next || found->second.log != log.logs.size() ||
           found->second.next < log.begin;
  }

  // Requires: it has something. Null: there was nothing in it.
  std::variant<std::shared_ptr<const record_batch>, fault_reported>
  read(const topic_partition& source, std::size_t most) {
    auto& at = reading_.at(source);
    const auto& log = world_.log.at(source);
    if (world_.dice.percent(world_.stored.rates.read_faults))
      return fault_reported{at.gen, read_fault::transient, "as the seed wants it"};
    if (std::exchange(at.log, log.logs.size()) != log.logs.size() && !recognises(at, log))
      return out_of_range(source, at.gen, "another record than was read");
    if (at.next < log.begin || at.next > log.end())
      return out_of_range(source, at.gen, "no such offset");
    std::vector<const market_log::entry*> entries;
    most = static_cast<std::size_t>(world_.dice.between(1, static_cast<std::int64_t>(most)));
    for (auto each = std::ranges::lower_bound(log.now(), at.next, {}, &market_log::entry::offset);
         each != log.now().end() && entries.size() < most; ++each)
      entries.push_back(&*each);
    if (entries.empty())
      return std::shared_ptr<const record_batch>{};
    const auto batch = market_log::batch(source, at.gen, entries);
    at.next = entries.back()->offset + 1;
    at.last = applied_record{batch->records.back().offset, record_digest(batch->records.back())};
    return batch;
  }

 private:
  struct place_in_log {
    generation gen;
    std::int64_t next = 0;
    std::optional<applied_record> last; // that was returned, or has to be there
    std::size_t log = 0;                // that was looked at
  };

  // The record that was returned last still is the one that it was.
  static bool recognises(const place_in_log& at, const market_log::partition& log) {
    if (!at.last || at.last->offset.value() < log.begin)
      return !at.last || at.last->offset.value() < log.next;
    const auto* found = market_log::find(log.now(), at.last->offset.value());
    return found && market_log::digest(*found) == at.last->digest;
  }
  fault_reported out_of_range(const topic_partition& source, generation gen, std::string why) {
    reading_.erase(source);
    return {gen, read_fault::offset_out_of_range, std::move(why)};
  }

  outside& world_;
  std::map<topic_partition, place_in_log> reading_;
};

class simulated_inspector final : public log_inspector {
 public:
  simulated_inspector(outside& world, const bool& alive) : world_(world), alive_(alive) {}
  void inspect(const topic_partition& source, std::optional<record_offset> record,
               answer then) override {
    world_.all.answer(alive_, [this, source, record, then = std::move(then)] {
      if (world_.dice.percent(world_.stored.rates.inspections))
        then(error{errc::log_unavailable, "no answer"});
      else
        then(world_.log.state(source, record));
    });
  }

 private:
  outside& world_;
  const bool& alive_;
};

class simulated_letters final : public dead_letter_sink {
 public:
  simulated_letters(outside& world, const bool& alive) : world_(world), alive_(alive) {}
  void produce(dead_letter letter, std::function<void(result<void>)> then) override {
    world_.all.answer(alive_, [this, letter = std::move(letter), then = std::move(then)] {
      if (world_.dice.percent(world_.stored.rates.letters)) {
        then(error{errc::log_unavailable, "30 s without an answer"});
        return;
      }
      const auto& record = letter.batch->records[letter.index];
      world_.stored.letters.emplace(letter.batch->source, record.offset.value(),
                                    record_digest(record));
      then({});
    });
  }

 private:
  outside& world_;
  const bool& alive_;
};

// One client of a process.
struct process::connection {
  client* who = nullptr;
  connection_id id;
  std::shared_ptr<simulated_outbox> out;
  connection_actor address;
  std::optional<connection_session> mine;
  std::optional<close_code> ended;
  bool gone = false; // on_closed() was called
};

struct process::ports {
  ports(outside& world, const bool& alive)
      : reader(world), inspector(world, alive), letters(world, alive),
        journal(world.stored, world.all, world.dice, alive) {}
  simulated_reader reader;
  simulated_inspector inspector;
  simulated_letters letters;
  simulated_history journal;
};

} // namespace tradepulse::simulation
