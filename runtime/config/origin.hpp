#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace tradepulse::config {

// Where a value was written, so that every error and the effective configuration can name it.
struct origin {
  enum class place : std::uint8_t { builtin, file, command_line };

  place from = place::builtin;
  std::uint32_t line = 0;                    // from 1
  std::uint32_t column = 0;                  // from 1, in code points
  std::shared_ptr<const std::string> source; // the file's path, or the key of a --set
  std::string variable; // the environment variable that gave the value; otherwise empty
};

// `config/x.conf:12:8`, `environment PORT (config/x.conf:12:8)`, `--set ops.port`, `default`.
std::string to_string(const origin& where);

// One thing that is wrong, said so that it can be mended without looking at our source.
struct diagnostic {
  origin where;
  std::string message;

  // `config/x.conf:12:8: ops.port = "0x1": not an integer, allowed 0 .. 65535`
  std::string text() const { return to_string(where) + ": " + message; }
};

using diagnostics = std::vector<diagnostic>;

} // namespace tradepulse::config
