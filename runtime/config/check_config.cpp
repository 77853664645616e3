#include "runtime/config/check_config.hpp"

#include <cstdlib>

#include "protocol/expects.hpp"
#include "runtime/config/cross_checks.hpp"
#include "runtime/config/hocon_files.hpp"
#include "runtime/config/schema_reader.hpp"
#include "runtime/config/topic_checks.hpp"

namespace tradepulse::config {
namespace {

error all_of(const diagnostics& faults) {
  std::string lines;
  for (const diagnostic& one : faults)
    lines += (lines.empty() ? "" : "\n") + one.text();
  return {errc::configuration, lines};
}

} // namespace

result<configuration> load(const std::string& file, std::span<const std::string> overrides,
                           const environment& variables) {
  diagnostics faults;
  hocon::file_reader reader;
  hocon::node_ptr root =
      file.empty() ? reader.read_text("", origin{}, faults) : reader.read(file, faults);
  // A --set that is wrong in itself is told beside a file that is.
  hocon::node nowhere(hocon::node::type::object, origin{});
  for (const std::string& assignment : overrides)
    reader.set(root ? *root : nowhere, assignment, faults);
  if (!root)
    return all_of(faults);
  hocon::value resolved = hocon::resolver(*root, variables, faults).resolve();
  configuration result;
  schema_reader(faults).read(resolved, result.values, result.effective);
  if (!faults.empty())
    return all_of(faults);
  complete_listeners(result.values);
  complete_topics(result.values, result.effective, faults);
  diagnostics warnings;
  cross_check(result.values, result.effective, faults, warnings);
  if (!faults.empty())
    return all_of(faults);
  for (const diagnostic& one : warnings)
    result.warnings.push_back(one.text());
  return result;
}

environment process_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* found = std::getenv(name.c_str());
    return found == nullptr ? std::nullopt : std::optional<std::string>(found);
  };
}

settings default_settings() {
  auto loaded = load({}, {}, environment{});
  TRADEPULSE_EXPECTS(loaded.has_value());
  return std::move(loaded->values);
}

} // namespace tradepulse::config
