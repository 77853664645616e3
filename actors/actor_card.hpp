#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tradepulse {

// What /admin shows of one actor. The actor writes, anybody reads. Thread: any.
class actor_card {
 public:
  actor_card(std::string kind, std::string name) : kind_(std::move(kind)), name_(std::move(name)) {}

  const std::string& kind() const noexcept { return kind_; }
  const std::string& name() const noexcept { return name_; }

  void set_state(std::string_view state);
  void set_error(std::string_view detail);
  std::string state() const;
  std::string last_error() const;

  std::atomic<std::uint64_t> queue_depth{0}; // messages, or what the state's text says
  std::atomic<std::uint32_t> restarts{0};

 private:
  const std::string kind_;
  const std::string name_;
  mutable std::mutex mutex_;
  std::string state_ = "starting";
  std::string last_error_;
};

// Every actor that has a card, by kind and name. Symbols have none (there may be 100,000): the
// runtime lists them from the directory.
class actor_board {
 public:
  // Replaces the card of the same kind and name, keeping its restarts + 1 if `restarted`.
  std::shared_ptr<actor_card> make(std::string kind, std::string name, bool restarted = false);
  void remove(const actor_card& card);
  // Cards in the order of (kind, name), behind `after` ("kind/name"), at most `limit`.
  std::vector<std::shared_ptr<const actor_card>>
  list(std::optional<std::string_view> kind, std::string_view after, std::size_t limit) const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<actor_card>, std::less<>> cards_; // "kind/name"
};

// Why the process is not quite well: key ("partition price-ticks/0", "postgres price-ticks/0") ->
// reason. Shown by /ready as degraded. Thread: any.
class health_board {
 public:
  void set(std::string_view key, std::string_view reason);
  void clear(std::string_view key);
  std::vector<std::pair<std::string, std::string>> reasons() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::string, std::less<>> reasons_;
};

} // namespace tradepulse
