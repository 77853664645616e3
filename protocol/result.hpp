#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "protocol/error_codes.hpp"

namespace tradepulse {

// An expected failure: a code from the one registry and a detail that names the thing, the
// value and the limit (`price "1e-12": 12 decimals, at most 8`).
struct error {
  errc code = errc::internal;
  std::string detail;

  friend bool operator==(const error&, const error&) = default;
};

// A value or an error. Expected failures travel in it; programmer mistakes use expects().
template <class T>
class [[nodiscard]] result {
 public:
  using value_type = T;

  result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  result(error failure) : state_(std::in_place_index<1>, std::move(failure)) {}

  bool has_value() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return has_value(); }

  // Requires: has_value().
  T& value() & { return std::get<0>(state_); }
  const T& value() const& { return std::get<0>(state_); }
  T&& value() && { return std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  // Requires: !has_value().
  const error& failure() const { return std::get<1>(state_); }

 private:
  std::variant<T, error> state_;
};

template <>
class [[nodiscard]] result<void> {
 public:
  result() = default;
  result(error failure) : failure_(std::move(failure)) {}

  bool has_value() const noexcept { return !failure_.has_value(); }
  explicit operator bool() const noexcept { return has_value(); }
  const error& failure() const { return failure_.value(); }

 private:
  std::optional<error> failure_;
};

} // namespace tradepulse
