#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "runtime/config/check_config.hpp"
#include "runtime/config/hocon_value.hpp"

namespace tradepulse::config {

using variables = std::map<std::string, std::string>;

environment fixed_environment(variables values);

// A folder that vanishes with the test.
class scratch_folder {
 public:
  scratch_folder();
  ~scratch_folder();
  scratch_folder(const scratch_folder&) = delete;
  scratch_folder& operator=(const scratch_folder&) = delete;

  std::string file(const std::string& name) const { return (path_ / name).string(); }
  // Returns the whole name.
  std::string write(const std::string& name, const std::string& text) const;

 private:
  std::filesystem::path path_;
};

// A text as a file `t.conf`, resolved, as JSON-like text with sorted keys: {a: 1, b: [x, y]}.
// Every scalar as it was written, null as null. Faults instead, a line each, where there are any.
std::string resolved(const std::string& text, variables values = {});

// The folder config/ of the source tree.
std::filesystem::path config_folder();

// The lines of a failure, with the folder cut off so that they read `t.conf:1:2: ...`.
std::string faults_of(const scratch_folder& folder, const result<configuration>& loaded);

// Loads a text as the file t.conf.
result<configuration> load_text(const scratch_folder& folder, const std::string& text,
                                std::vector<std::string> overrides = {}, variables values = {});

} // namespace tradepulse::config
