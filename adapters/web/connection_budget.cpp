#include "adapters/web/connection_budget.hpp"

namespace tradepulse::web {

connection_budget::ticket& connection_budget::ticket::operator=(ticket&& other) noexcept {
  std::swap(budget_, other.budget_);
  std::swap(address_, other.address_);
  return *this;
}

connection_budget::ticket::~ticket() {
  if (budget_)
    budget_->release(address_);
}

std::shared_ptr<connection_budget> connection_budget::make(std::size_t in_all,
                                                           std::size_t per_address) {
  return std::shared_ptr<connection_budget>(new connection_budget(in_all, per_address));
}

connection_budget::verdict connection_budget::admit(const std::string& address, ticket& place) {
  {
    std::lock_guard lock(mutex_);
    if (connections_ >= in_all_)
      return verdict::full;
    auto& of_address = by_address_[address];
    if (per_address_ != 0 && of_address >= per_address_)
      return verdict::address_full;
    ++of_address;
    ++connections_;
  }
  place.budget_ = shared_from_this();
  place.address_ = address;
  return verdict::admitted;
}

void connection_budget::release(const std::string& address) noexcept {
  std::lock_guard lock(mutex_);
  --connections_;
  const auto found = by_address_.find(address);
  if (--found->second == 0)
    by_address_.erase(found);
}

std::size_t connection_budget::connections() const {
  std::lock_guard lock(mutex_);
  return connections_;
}

} // namespace tradepulse::web
