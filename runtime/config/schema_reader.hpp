#pragma once

#include <span>
#include <string>

#include "runtime/config/effective.hpp"
#include "runtime/config/hocon_value.hpp"

namespace tradepulse::config {

// Reads a resolved configuration by the schema. Every key is looked at whatever is wrong with the
// others, so that one run tells all faults.
class schema_reader {
 public:
  explicit schema_reader(diagnostics& faults) : faults_(faults) {}

  void read(const hocon::value& given, settings& into, effective_values& effective);

 private:
  // `prefix` is what names in errors begin with: "listeners[0].".
  effective_values read_rows(std::span<const schema_row> rows, const hocon::value& given,
                             void* target, const std::string& prefix);
  effective_value read_row(const schema_row& row, const hocon::value& given, void* target,
                           const std::string& prefix, const origin& container);
  void read_objects(const schema_row& row, const hocon::value& given, void* target,
                    const std::string& name, effective_value& effective);
  void read_properties(const hocon::value& given, const std::string& path, const std::string& name,
                       typed_value& value, effective_value& effective);
  void refuse_unknown(const hocon::value& given, std::span<const std::string_view> known,
                      const std::string& path, const std::string& prefix);
  void fault(const origin& where, const std::string& name, std::string_view shown,
             const std::string& why);

  diagnostics& faults_;
};

// The default of a row. Requires: it has one.
hocon::value default_of(const schema_row& row);

} // namespace tradepulse::config
