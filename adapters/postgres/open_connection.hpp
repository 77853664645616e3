#pragma once

#include <string>

#include <pqxx/pqxx>

namespace tradepulse {

// A connection of libpqxx that also shows the one of libpq below it, for what libpqxx 6 has no call
// for: COPY in binary form, several statements in one round trip. Private to this folder.
class open_connection final : public pqxx::connection_base {
 public:
  using handle = pqxx::connectionpolicy::handle;

  // Connects. Throws: what libpqxx throws.
  explicit open_connection(const std::string& options)
      : pqxx::connection_base(policy_), policy_(options) {
    init();
  }
  ~open_connection() noexcept { close(); }

  // Requires: not reactivated since, which inhibit_reactivation() sees to.
  handle raw() const noexcept { return policy_.made; }

 private:
  struct policy final : pqxx::connect_direct {
    using pqxx::connect_direct::connect_direct;
    handle do_startconnect(handle before) override {
      return made = pqxx::connect_direct::do_startconnect(before);
    }
    handle made = nullptr;
  };
  policy policy_; // the base keeps a reference, as it does in libpqxx's own connections
};

} // namespace tradepulse
