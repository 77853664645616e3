#include "runtime/config/nearest_name.hpp"

#include <algorithm>
#include <vector>

#include "protocol/expects.hpp"

namespace tradepulse::config {
namespace {

// Optimal string alignment distance, three rows.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> above(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j)
    above[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      std::size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before[j - 2] + 1);
    }
    std::swap(before, above);
    std::swap(above, row);
  }
  return above[b.size()];
}

} // namespace

std::string_view nearest_name(std::string_view wrong, std::span<const std::string_view> names) {
  TRADEPULSE_EXPECTS(!names.empty());
  wrong = wrong.substr(0, 256); // a longer one is no misspelling
  return *std::min_element(names.begin(), names.end(), [wrong](auto a, auto b) {
    return distance(wrong, a) < distance(wrong, b);
  });
}

} // namespace tradepulse::config
