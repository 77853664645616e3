#pragma once

#include <cstdint>
#include <exception>
#include <string>

#include "protocol/result.hpp"

namespace tradepulse {

// What a failed call to the database means for the caller.
enum class fault_kind : std::uint8_t {
  retry,   // not now: overloaded, a lock, a deadlock, a timeout. Nothing was committed
  lost,    // the connection is gone; what was under way may or may not be committed
  poison,  // the data itself is refused (SQLSTATE class 22, 23; P0001). Nothing was committed
  refused, // anything else it said no to: a missing table, a privilege. Nothing was committed
};

struct database_fault {
  fault_kind kind = fault_kind::lost;
  std::string sqlstate; // empty where the server gave none
  std::string message;  // one line

  // lost -> database_unavailable; retry -> database_busy; poison and refused -> database_refused.
  error as_error() const;
};

fault_kind classify(const std::string& sqlstate, bool still_connected) noexcept;

// Sorts an exception of libpqxx. Anything else (a programmer's mistake, a caller's own exception)
// is thrown on.
database_fault fault_of(const std::exception_ptr& thrown, bool still_connected);

} // namespace tradepulse
