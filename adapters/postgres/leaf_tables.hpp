#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

// The leaves of a journal as tables of the server: a UTC day each.
namespace tradepulse {

enum class leaf_state : std::uint8_t {
  attached,
  pending, // a DETACH of it was interrupted
  detached
};

struct leaf_table {
  std::string name;      // "journal_prices_20240801"
  std::string qualified; // with the schema, quoted
  std::chrono::sys_days day;
  leaf_state state = leaf_state::attached;
  bool marked = false; // retention has begun to take it away
};

// The text has eight digits. Nothing: no day has this name.
std::optional<std::chrono::sys_days> day_of(const std::string& text);
// "20240801"
std::string text_of(std::chrono::sys_days day);
// "FOR VALUES FROM ('1722470400000') TO ('1722556800000')", as the server says it.
std::string bounds_of(std::chrono::sys_days day);

} // namespace tradepulse
