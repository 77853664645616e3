#pragma once

#include <string>
#include <string_view>

#include "protocol/result.hpp"
#include "runtime/config/hocon_value.hpp"
#include "runtime/config/schema.hpp"

namespace tradepulse::config {

struct converted {
  typed_value value;
  std::string text; // as HOCON, in one way of writing; secrets not masked yet
};

// What a value of the configuration means for its row; not for `objects` and `properties`.
// Errors: configuration, with what is wrong and what is allowed, without the value.
result<converted> convert(const schema_row& row, const hocon::value& given);

// A text in quotes, with escapes where HOCON needs them.
std::string in_quotes(std::string_view text);

// What is shown of a secret: that there is one.
std::string masked(std::string_view secret);
// Whether the value of a property of librdkafka must not be shown.
bool secret_property(std::string_view name);

} // namespace tradepulse::config
