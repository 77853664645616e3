#pragma once

#include <compare>
#include <cstdint>
#include <functional>

namespace tradepulse {

// A number that cannot be mistaken for another one: explicit in, .value() out.
template <class Tag, class Rep = std::int64_t>
class strong {
 public:
  using rep = Rep;
  constexpr strong() noexcept = default;
  constexpr explicit strong(Rep value) noexcept : value_(value) {}
  constexpr Rep value() const noexcept { return value_; }
  friend constexpr auto operator<=>(strong, strong) noexcept = default;

 private:
  Rep value_{};
};

} // namespace tradepulse

template <class Tag, class Rep>
struct std::hash<tradepulse::strong<Tag, Rep>> {
  std::size_t operator()(tradepulse::strong<Tag, Rep> v) const noexcept {
    return std::hash<Rep>{}(v.value());
  }
};
