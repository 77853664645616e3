#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/config/origin.hpp"
#include "runtime/config/schema.hpp"

namespace tradepulse::config {

// What a key has come to and where from: for printing, and for errors that concern two keys.
struct effective_value {
  std::string name; // as the schema has it; for a property its own name
  std::string text; // HOCON; secrets are masked already; empty: no value
  origin where;
  const schema_row* row = nullptr;                    // nullptr: a property
  std::vector<std::vector<effective_value>> elements; // of `objects`
  std::vector<effective_value> properties;            // of `properties`

  bool set() const { return where.from != origin::place::builtin; }
};

using effective_values = std::vector<effective_value>; // in the order of the schema

// Requires: the schema has the key.
const effective_value& find(const effective_values& all, std::string_view name);

} // namespace tradepulse::config
