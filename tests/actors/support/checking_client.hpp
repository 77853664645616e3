#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/numbered_event.hpp"
#include "protocol/stream_position.hpp"

namespace tradepulse::samples {

// The text payloads of whole server frames.
std::vector<std::string> payloads_of(std::string_view frames);
// The text of a member (a string without its quotes), wherever it stands; absent where it is not
// there. Enough for messages whose keys are unique.
std::optional<std::string> member(std::string_view json, std::string_view key);
std::int64_t integer(std::string_view json, std::string_view key);

// Everything that ever happened to the streams of a test: by symbol and epoch, from number 1.
using truth = std::map<std::string, std::map<std::int64_t, std::vector<numbered_event>>>;
// What a snapshot at this position shows: the newest by time, ties: the later.
const numbered_event& newest_of(const std::vector<numbered_event>& events, sequence through);

// A client that believes nothing, with one stream a symbol: on one subscription each update begins
// where the one before ended, or the hole was announced and named exactly; nothing comes twice;
// each value is the one of the truth; a trade and a kline are never merged. Failures are GoogleTest
// failures.
class checking_client {
 public:
  explicit checking_client(const truth& all) : truth_(all) {}

  void receive(std::string_view frames);
  // From now on no update of this symbol is welcome before the next `subscribed`.
  void left(const std::string& symbol) { subscriptions_.erase(symbol); }

  bool subscribed(const std::string& symbol) const { return subscriptions_.contains(symbol); }
  stream_position position(const std::string& symbol) const {
    return subscriptions_.at(symbol).position;
  }
  std::size_t answers() const noexcept { return answers_; }
  std::size_t updates() const noexcept { return updates_; }
  std::size_t merged() const noexcept { return merged_; }
  std::size_t merged_quotes() const noexcept { return merged_quotes_; }
  std::size_t lossless() const noexcept { return lossless_; }
  std::size_t gaps() const noexcept { return gaps_; }
  const std::vector<std::string>& errors() const noexcept { return errors_; }

 private:
  struct subscription {
    stream_position position;
    bool epoch_ended = false;  // a gap said so: the next one is of a later epoch
    bool snapshot_due = false; // at `position`
    std::string stream = "price";
  };
  void subscribed_to(std::string_view json);
  // What it says to have swallowed; the subscription stands behind it then. Empty: a failure.
  std::span<const numbered_event> covered(std::string_view json, std::string_view stream);
  void updated(std::string_view json);
  void quoted(std::string_view json);
  void one_event(std::string_view json, std::string_view value);
  void snapshot(std::string_view json, subscription& sub);
  void missed(std::string_view json);

  const truth& truth_;
  std::map<std::string, subscription> subscriptions_;
  std::size_t answers_ = 0;
  std::size_t updates_ = 0;
  std::size_t merged_ = 0;
  std::size_t merged_quotes_ = 0;
  std::size_t lossless_ = 0;
  std::size_t gaps_ = 0;
  std::vector<std::string> errors_;
};

} // namespace tradepulse::samples
