#include "actors/actor_card.hpp"

namespace tradepulse {

void actor_card::set_state(std::string_view state) {
  std::lock_guard lock(mutex_);
  state_ = state;
}

void actor_card::set_error(std::string_view detail) {
  std::lock_guard lock(mutex_);
  last_error_ = detail;
}

std::string actor_card::state() const {
  std::lock_guard lock(mutex_);
  return state_;
}

std::string actor_card::last_error() const {
  std::lock_guard lock(mutex_);
  return last_error_;
}

std::shared_ptr<actor_card> actor_board::make(std::string kind, std::string name, bool restarted) {
  std::lock_guard lock(mutex_);
  auto& slot = cards_[kind + "/" + name];
  const std::uint32_t restarts = slot && restarted ? slot->restarts.load() + 1 : 0;
  slot = std::make_shared<actor_card>(std::move(kind), std::move(name));
  slot->restarts = restarts;
  return slot;
}

void actor_board::remove(const actor_card& card) {
  std::lock_guard lock(mutex_);
  auto found = cards_.find(card.kind() + "/" + card.name());
  if (found != cards_.end() && found->second.get() == &card)
    cards_.erase(found);
}

std::vector<std::shared_ptr<const actor_card>>
actor_board::list(std::optional<std::string_view> kind, std::string_view after,
                  std::size_t limit) const {
  std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<const actor_card>> out;
  for (auto it = cards_.upper_bound(after); it != cards_.end() && out.size() < limit; ++it)
    if (!kind || it->second->kind() == *kind)
      out.push_back(it->second);
  return out;
}

void health_board::set(std::string_view key, std::string_view reason) {
  std::lock_guard lock(mutex_);
  reasons_.insert_or_assign(std::string(key), std::string(reason));
}

void health_board::clear(std::string_view key) {
  std::lock_guard lock(mutex_);
  if (auto found = reasons_.find(key); found != reasons_.end())
    reasons_.erase(found);
}

std::vector<std::pair<std::string, std::string>> health_board::reasons() const {
  std::lock_guard lock(mutex_);
  return {reasons_.begin(), reasons_.end()};
}

} // namespace tradepulse
