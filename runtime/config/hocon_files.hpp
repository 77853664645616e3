#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "runtime/config/hocon_parser.hpp"

namespace tradepulse::config::hocon {

// Reads configuration files with what they include.
// Blocks: reads files. Guarantees: no file above max_file_bytes is read, none is read inside
// itself, none more than max_include_depth deep.
class file_reader final : private parse_context {
 public:
  // The object of the file, or nullptr and one more diagnostic.
  node_ptr read(const std::string& file, diagnostics& faults);
  // A text that is no file: a --set or the built-in defaults. An include in it is refused.
  node_ptr read_text(std::string_view text, const origin& source, diagnostics& faults);
  // `--set KEY=VALUE`, defined in `root` as if it stood at the end of the file.
  // A value that begins with [ { " or ${ is HOCON; every other one is a text as it stands.
  bool set(node& root, const std::string& assignment, diagnostics& faults);

 private:
  node_ptr include(const include_statement& statement, std::optional<diagnostic>& fault) override;
  node_ptr parse(const std::string& file, const path& at, std::size_t depth,
                 std::optional<diagnostic>& fault);

  std::vector<std::filesystem::path> open_; // outermost first
};

} // namespace tradepulse::config::hocon
