#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

namespace tradepulse::web {

// How many connections there may be, in all and from one address; listeners that share the limit
// share the object. Give the operators' listener one of its own, or a full client port would hide
// /health. Thread: any.
class connection_budget : public std::enable_shared_from_this<connection_budget> {
 public:
  enum class verdict : std::uint8_t { admitted, full, address_full };

  // Holds a place until it is destroyed.
  class ticket {
   public:
    ticket() = default;
    ticket(ticket&&) noexcept = default;
    ticket& operator=(ticket&& other) noexcept;
    ~ticket();

    bool holds_a_place() const noexcept { return budget_ != nullptr; }

   private:
    friend class connection_budget;
    std::shared_ptr<connection_budget> budget_;
    std::string address_;
  };

  // 0 of an address is no limit.
  static std::shared_ptr<connection_budget> make(std::size_t in_all, std::size_t per_address);

  verdict admit(const std::string& address, ticket& place);
  std::size_t connections() const;

 private:
  connection_budget(std::size_t in_all, std::size_t per_address)
      : in_all_(in_all), per_address_(per_address) {}
  void release(const std::string& address) noexcept;

  const std::size_t in_all_;
  const std::size_t per_address_;
  mutable std::mutex mutex_;
  std::size_t connections_ = 0;
  std::unordered_map<std::string, std::size_t> by_address_;
};

} // namespace tradepulse::web
