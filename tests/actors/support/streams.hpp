#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "protocol/event_burst.hpp"
#include "tests/actors/support/checking_client.hpp"
#include "tests/actors/support/kinds.hpp"
#include "tests/actors/support/samples.hpp"

namespace tradepulse::samples {

// Consecutive events from `first` on; price = 100 + number, time = number.
inline burst_ptr burst(std::uint32_t index, std::string_view name, std::int64_t e,
                       std::int64_t first, std::int64_t last) {
  std::vector<numbered_event> events;
  for (auto seq = first; seq <= last; ++seq)
    events.push_back(event(seq, 100 + seq, seq));
  return std::make_shared<const price_burst>(stream_index{index}, named(name), epoch{e},
                                             std::move(events), at(some_time));
}

// A stream that happens at random and writes down the truth about itself.
class random_stream {
 public:
  random_stream(std::uint32_t index, std::string name, truth& all, dice& random,
                stream_kind kind = {})
      : index_(index), name_(std::move(name)), truth_(all), dice_(random), kind_(kind) {}

  stream_key key() const { return {named(name_), kind_}; }

  const std::string& name() const noexcept { return name_; }
  stream_index index() const noexcept { return index_; }
  bool known() const noexcept { return position_.epoch.value() > 0; }
  stream_position position() const noexcept { return position_; }

  // 1 to 6 events of the present epoch, or of a new one.
  burst_ptr next_burst(double new_epoch) {
    if (!known() || dice_.chance(new_epoch))
      begin_epoch();
    auto events = happen(dice_.between(1, 6));
    return burst_of_kind(kind_, index_.value(), name_, position_.epoch, std::move(events));
  }
  // Events that this process never sees: the stream was elsewhere.
  head_ptr move_on(double new_epoch) {
    if (!known() || dice_.chance(new_epoch))
      begin_epoch();
    happen(dice_.between(1, 6));
    return snapshot();
  }
  // Null where it is unknown.
  head_ptr snapshot() const {
    if (!known())
      return nullptr;
    if (kind_ != stream_kind::price)
      return head_of(name_, kind_, position_);
    const auto& shown = newest_of(truth_.at(name_).at(position_.epoch.value()), position_.seq);
    price_snapshot out;
    out.symbol = named(name_);
    out.price = shown.price;
    out.event_time = shown.event_time;
    out.position = position_;
    out.price_seq = shown.seq;
    return std::make_shared<const price_snapshot>(out);
  }

 private:
  void begin_epoch() {
    position_ = {epoch{position_.epoch.value() + dice_.between(1, 2)}, sequence{0}};
  }
  std::vector<numbered_event> happen(std::int64_t count) {
    auto& events = truth_[name_][position_.epoch.value()];
    std::vector<numbered_event> out;
    for (std::int64_t i = 0; i < count; ++i) {
      position_.seq = sequence{position_.seq.value() + 1};
      auto e = event(position_.seq.value(), dice_.between(1, 999), dice_.between(0, 60) + clock_++);
      e.late = !events.empty() &&
               e.event_time < newest_of(events, sequence{position_.seq.value() - 1}).event_time;
      events.push_back(e);
      out.push_back(e);
    }
    return out;
  }

  stream_index index_;
  std::string name_;
  truth& truth_;
  dice& dice_;
  stream_kind kind_;
  stream_position position_;
  std::int64_t clock_ = 0;
};

} // namespace tradepulse::samples
