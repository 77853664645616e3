#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/config/settings.hpp"

// What can be configured, as data: reading, checking, printing and the reference all walk the
// same rows, so none of them can forget a key.
namespace tradepulse::config {

enum class value_type : std::uint8_t {
  text,       // bounds: length in bytes
  text_list,  // an array, or one text with commas; bounds: elements
  integer,    // bounds: the number
  boolean,    // true, false, yes, no, on, off
  duration,   // bounds: milliseconds; or one of `choices`, which is `unbounded`
  size,       // bounds: bytes
  choice,     // one of `choices`
  port,       // bounds: the number
  port_list,  // one number, or several with commas in one text; bounds: each
  endpoints,  // host:port, an array or one text with commas; bounds: elements
  properties, // an object whose keys are free
  objects,    // an array of objects with the members of `element`
};

std::string_view describe(value_type type);

// A value that was found good, in the member that its type uses.
struct typed_value {
  std::int64_t number = 0; // integer, boolean, milliseconds, bytes, port, index of the choice
  std::string text;        // text, port_list, name of the choice
  std::vector<std::string> texts;
  std::vector<endpoint> endpoints;
  std::vector<std::pair<std::string, std::string>> properties;
};

inline constexpr std::int64_t unbounded = std::numeric_limits<std::int64_t>::max();

struct schema_row {
  std::string_view name = {}; // whole: "kafka.group_id"; of an element of `objects`: "port"
  value_type type = value_type::text;
  std::string_view fallback = {}; // the default in HOCON; empty: none, see `absent` and `computed`
  std::string_view unit = {};     // for the reference, where the type does not say it
  std::int64_t min = 0;
  std::int64_t max = unbounded;
  std::string_view choices = {}; // "stop|new_epoch"
  std::string_view help = {};
  bool secret = false;
  std::string_view absent = {};        // what happens where there is no value and no default
  std::string (*computed)() = nullptr; // the default where it depends on the machine
  void (*store)(void* target, typed_value&& value) = nullptr;
  std::span<const schema_row> element = {}; // objects
  void* (*append)(void* target) = nullptr;  // objects: a new element to read into
};

// Rows of one section, in the order in which they are printed.
struct schema_section {
  std::string_view title;
  std::span<const schema_row> rows;
};

std::span<const schema_section> schema();

// The names that a `choice` allows, in the order of its enumeration.
std::vector<std::string_view> choices_of(const schema_row& row);
// `1 .. 65535`, `100ms .. 1h`, `stop or new_epoch`; empty where everything is allowed.
std::string allowed(const schema_row& row);

} // namespace tradepulse::config
