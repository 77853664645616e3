#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "adapters/postgres/migration.hpp"

namespace tradepulse {

result<std::vector<migration>> read_migrations(const std::string& folder) {
  namespace fs = std::filesystem;
  std::vector<migration> out;
  std::error_code failed;
  for (fs::directory_iterator at(folder, failed), end; !failed && at != end; at.increment(failed)) {
    if (at->path().extension() != ".sql")
      continue;
    std::ifstream file(at->path(), std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(file), {}};
    if (!file)
      return error{errc::io, at->path().string() + ": cannot be read"};
    out.push_back({at->path().filename().string(), std::move(text)});
  }
  if (failed)
    return error{errc::io, folder + ": " + failed.message()};
  std::ranges::sort(out, {}, &migration::name);
  return out;
}

} // namespace tradepulse
