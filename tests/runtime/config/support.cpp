#include "tests/runtime/config/support.hpp"

#include <stdlib.h>

#include <fstream>
#include <stdexcept>

#include "runtime/config/hocon_files.hpp"

namespace tradepulse::config {
namespace {

std::string render(const hocon::value& v) {
  std::string out;
  switch (v.kind) {
  case hocon::value::type::null:
    return "null";
  case hocon::value::type::text:
    return v.text;
  case hocon::value::type::array:
    for (const hocon::value& item : v.items)
      out += (out.empty() ? "" : ", ") + render(item);
    return "[" + out + "]";
  case hocon::value::type::object:
    break;
  }
  for (const auto& [key, member] : v.fields)
    out += (out.empty() ? "" : ", ") + key + ": " + render(member);
  return "{" + out + "}";
}

} // namespace

environment fixed_environment(variables values) {
  return [values = std::move(values)](const std::string& name) -> std::optional<std::string> {
    auto found = values.find(name);
    return found == values.end() ? std::nullopt : std::optional<std::string>(found->second);
  };
}

scratch_folder::scratch_folder() {
  std::string name = (std::filesystem::temp_directory_path() / "tradepulse-config-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr)
    throw std::runtime_error("no temporary folder");
  path_ = name;
}

scratch_folder::~scratch_folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string scratch_folder::write(const std::string& name, const std::string& text) const {
  std::filesystem::create_directories((path_ / name).parent_path());
  std::ofstream(path_ / name, std::ios::binary) << text;
  return file(name);
}

std::string resolved(const std::string& text, variables values) {
  diagnostics faults;
  origin where;
  where.from = origin::place::file;
  where.source = std::make_shared<const std::string>("t.conf");
  hocon::file_reader reader;
  hocon::node_ptr root = reader.read_text(text, where, faults);
  std::string out;
  if (root) {
    environment lookup = fixed_environment(std::move(values));
    out = render(hocon::resolver(*root, lookup, faults).resolve());
  }
  if (faults.empty())
    return out;
  out.clear();
  for (const diagnostic& one : faults)
    out += (out.empty() ? "" : "\n") + one.text();
  return out;
}

std::filesystem::path config_folder() {
  return std::filesystem::path(TRADEPULSE_SOURCE_DIR) / "config";
}

std::string faults_of(const scratch_folder& folder, const result<configuration>& loaded) {
  if (loaded)
    return "(no fault)";
  std::string text = loaded.failure().detail;
  std::string cut = folder.file("");
  for (std::size_t at = text.find(cut); at != std::string::npos; at = text.find(cut, at))
    text.erase(at, cut.size());
  return text;
}

result<configuration> load_text(const scratch_folder& folder, const std::string& text,
                                std::vector<std::string> overrides, variables values) {
  return load(folder.write("t.conf", text), overrides, fixed_environment(std::move(values)));
}

} // namespace tradepulse::config
