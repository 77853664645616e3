#include "runtime/rest/missed_request.hpp"

#include <limits>
#include <string>

#include "runtime/rest/query_string.hpp"

namespace tradepulse {
namespace {

constexpr std::uint64_t greatest = std::numeric_limits<std::int64_t>::max();
constexpr std::uint64_t most_events = 1'000;

error missing(const char* name) {
  return {errc::bad_request, std::string(name) + " is missing"};
}

template <class Number>
std::optional<Number> as(const std::optional<std::uint64_t>& value) {
  return value ? std::optional(Number{static_cast<std::int64_t>(*value)}) : std::nullopt;
}

} // namespace

result<missed_request> parse_missed_request(std::string_view query) {
  const query_string parameters(query);
  missed_request out;
  if (const auto& name = parameters.undecodable())
    return error{errc::bad_request, name->substr(0, 40) + ": the percent-encoding is not valid"};

  const auto name = parameters.value("symbol");
  if (!name)
    return missing("symbol");
  auto parsed = symbol::parse(*name);
  if (!parsed)
    return error{parsed.failure().code, "symbol: " + parsed.failure().detail};
  out.symbol = *parsed;

  if (const auto stream = parameters.value("stream")) {
    const auto kind = parse_stream_kind(*stream);
    if (!kind)
      return kind.failure();
    out.kind = *kind;
  }

  const auto epoch_asked = parameters.number("epoch", 1, greatest);
  if (!epoch_asked)
    return epoch_asked.failure();
  out.epoch = as<epoch>(*epoch_asked);

  const auto from = parameters.number("fromSeq", 0, greatest);
  if (!from)
    return from.failure();
  if (!*from)
    return missing("fromSeq");
  out.from = *as<sequence>(*from);

  const auto to = parameters.number("toSeq", 1, greatest);
  if (!to)
    return to.failure();
  out.to = as<sequence>(*to);
  if (out.to && *out.to <= out.from)
    return error{errc::bad_request,
                 "toSeq=" + std::to_string(out.to->value()) +
                     ": must be more than fromSeq=" + std::to_string(out.from.value())};

  const auto limit = parameters.number("limit", 1, most_events);
  if (!limit)
    return limit.failure();
  out.limit = limit->value_or(out.limit);
  return out;
}

} // namespace tradepulse
