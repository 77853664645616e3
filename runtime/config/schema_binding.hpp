#pragma once

#include <concepts>
#include <type_traits>
#include <utility>

#include "runtime/config/schema.hpp"

// How a row of the schema reaches its member: store_in<&settings::kafka, &kafka_settings::start>.
namespace tradepulse::config {

inline void assign(bool& member, typed_value&& value) {
  member = value.number != 0;
}
inline void assign(milliseconds& member, typed_value&& value) {
  member = milliseconds(value.number);
}
inline void assign(std::string& member, typed_value&& value) {
  member = std::move(value.text);
}
inline void assign(std::vector<std::string>& member, typed_value&& value) {
  member = std::move(value.texts);
}
inline void assign(std::vector<endpoint>& member, typed_value&& value) {
  member = std::move(value.endpoints);
}
inline void assign(std::vector<std::pair<std::string, std::string>>& member, typed_value&& value) {
  member = std::move(value.properties);
}
// Requires: the row's bounds fit the member; the reader has kept the bounds.
template <class Number>
requires(std::unsigned_integral<Number> ||
         std::is_enum_v<Number>) void assign(Number& member, typed_value&& value) {
  member = static_cast<Number>(value.number);
}

template <class Owner, class Member>
Owner owner_of(Member Owner::*);

// Follows the member pointers from the object that the first one belongs to.
template <auto First, auto... Rest>
void store_in(void* target, typed_value&& value) {
  using owner = decltype(owner_of(First));
  auto& first = static_cast<owner*>(target)->*First;
  if constexpr (sizeof...(Rest) == 0)
    assign(first, std::move(value));
  else
    assign((first.*....*Rest), std::move(value));
}

template <auto List>
void* append_to(void* target) {
  using owner = decltype(owner_of(List));
  return &(static_cast<owner*>(target)->*List).emplace_back();
}

} // namespace tradepulse::config
