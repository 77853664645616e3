#include "runtime/config/hocon_files.hpp"
#include "runtime/config/hocon_resolver.hpp"
#include "tests/fuzz/fuzz.hpp"

// A configuration as text: an object, or a fault that says where; its substitutions are looked up
// with bounded work.

using namespace tradepulse::config;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  diagnostics faults;
  hocon::file_reader reader;
  const auto root = reader.read_text(tradepulse::fuzz::text_of(data, size), {}, faults);
  tradepulse::fuzz::claim((root == nullptr) == !faults.empty(), "an object or a fault");
  if (root == nullptr)
    return 0;
  const environment none = [](const std::string&) { return std::nullopt; };
  hocon::resolver(*root, none, faults).resolve();
  return 0;
}
