#include "adapters/json/query_request.hpp"

#include <string>
#include <unordered_set>

#include "adapters/json/request_members.hpp"

namespace tradepulse {
namespace {

constexpr std::size_t max_depth = 8;

std::string element(std::size_t index) {
  return "symbols[" + std::to_string(index) + "]: ";
}

} // namespace

result<std::vector<symbol>> parse_query_request(std::string_view body, const query_limits& limits) {
  const auto read = json::read_request(
      body, {limits.max_bytes, max_depth, limits.max_symbols, /*with_since=*/false});
  if (!read)
    return read.failure();
  const json::request_list& wanted = read->symbols;
  if (wanted.kind == json::value_kind::absent)
    return error{errc::missing_member, "symbols: absent, and required"};
  if (wanted.kind != json::value_kind::array)
    return error{errc::bad_request, "symbols: " + std::string(json::to_string(wanted.kind)) +
                                        ", must be an array of strings"};
  if (wanted.size > limits.max_symbols)
    return error{errc::too_large, "symbols: " + std::to_string(wanted.size) + ", at most " +
                                      std::to_string(limits.max_symbols)};
  std::vector<symbol> out;
  out.reserve(wanted.items.size());
  std::unordered_set<symbol> seen;
  for (std::size_t i = 0; i < wanted.items.size(); ++i) {
    const json::request_value& item = wanted.items[i];
    if (item.kind != json::value_kind::string)
      return error{errc::bad_request,
                   element(i) + std::string(json::to_string(item.kind)) + ", must be a string"};
    auto parsed = symbol::parse(item.text);
    if (!parsed)
      return error{parsed.failure().code, element(i) + parsed.failure().detail};
    if (seen.insert(*parsed).second)
      out.push_back(*parsed);
  }
  return out;
}

} // namespace tradepulse
