#include "runtime/config/hocon_path.hpp"

#include <algorithm>

namespace tradepulse::config::hocon {
namespace {

bool plain(const std::string& element) {
  return !element.empty() && std::all_of(element.begin(), element.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
}

} // namespace

std::string to_string(const path& elements) {
  std::string text;
  for (const std::string& element : elements) {
    if (!text.empty())
      text += '.';
    text += plain(element) ? element : '"' + element + '"';
  }
  return text;
}

} // namespace tradepulse::config::hocon
