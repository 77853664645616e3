#include "runtime/rest/missed_klines_request.hpp"

#include <limits>
#include <string>

#include "runtime/rest/query_string.hpp"

namespace tradepulse {
namespace {

constexpr std::uint64_t greatest = std::numeric_limits<std::int64_t>::max();
constexpr std::uint64_t most_klines = 1'000;

error missing(const char* name) {
  return {errc::bad_request, std::string(name) + " is missing"};
}

result<std::int64_t> required(const query_string& parameters, const char* name,
                              std::uint64_t least) {
  const auto number = parameters.number(name, least, greatest);
  if (!number)
    return number.failure();
  if (!*number)
    return missing(name);
  return static_cast<std::int64_t>(**number);
}

} // namespace

result<missed_klines_request> parse_missed_klines_request(std::string_view query) {
  const query_string parameters(query);
  missed_klines_request out;
  if (const auto& name = parameters.undecodable())
    return error{errc::bad_request, name->substr(0, 40) + ": the percent-encoding is not valid"};

  const auto name = parameters.value("symbol");
  if (!name)
    return missing("symbol");
  const auto parsed = symbol::parse(*name);
  if (!parsed)
    return error{parsed.failure().code, "symbol: " + parsed.failure().detail};
  out.symbol = *parsed;

  const auto from = required(parameters, "fromSeq", 0);
  if (!from)
    return from.failure();
  const auto to = required(parameters, "toSeq", 1);
  if (!to)
    return to.failure();
  if (*to <= *from)
    return error{errc::bad_request, "toSeq=" + std::to_string(*to) +
                                        ": must be more than fromSeq=" + std::to_string(*from)};
  out.from = *from;
  out.to = *to;

  const auto limit = parameters.number("limit", 1, most_klines);
  if (!limit)
    return limit.failure();
  out.limit = limit->value_or(out.limit);

  if (const auto text = parameters.value("interval")) {
    const auto interval = parse_kline_interval(*text);
    if (!interval)
      return interval.failure();
    out.interval = *interval;
  }
  return out;
}

} // namespace tradepulse
