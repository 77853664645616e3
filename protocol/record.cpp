#include "protocol/record.hpp"

namespace tradepulse {
namespace {

class fnv1a {
 public:
  void add(std::string_view bytes) noexcept {
    for (char c : bytes)
      mix(static_cast<unsigned char>(c));
  }
  void add(std::int64_t number) noexcept {
    for (int shift = 0; shift < 64; shift += 8)
      mix(static_cast<unsigned char>(static_cast<std::uint64_t>(number) >> shift));
  }
  std::uint64_t value() const noexcept { return hash_; }

 private:
  void mix(unsigned char byte) noexcept { hash_ = (hash_ ^ byte) * 1099511628211U; }
  std::uint64_t hash_ = 14695981039346656037U;
};

} // namespace

std::uint64_t record_digest(const record& r) noexcept {
  fnv1a hash;
  hash.add(r.offset.value());
  hash.add(r.append_time.time_since_epoch().count());
  // Lengths keep ("ab", "c") and ("a", "bc") apart; -1 keeps an absent part and an empty one apart.
  hash.add(r.has_key ? static_cast<std::int64_t>(r.key.size()) : -1);
  hash.add(r.key);
  hash.add(r.value ? static_cast<std::int64_t>(r.value->size()) : -1);
  hash.add(r.value.value_or(std::string_view{}));
  return hash.value();
}

} // namespace tradepulse
