#include "runtime/rest/bar_request.hpp"

#include <algorithm>
#include <initializer_list>

#include "runtime/rest/query_string.hpp"

namespace tradepulse {
namespace {

constexpr std::uint64_t most_bars = 1'000;
constexpr std::size_t most_symbols = 1'000;

error about(std::string_view parameter, const error& why) {
  return {why.code, std::string(parameter) + ": " + why.detail};
}

result<symbol> symbol_of(std::string_view segment) {
  const auto text = percent_decode(segment, false);
  if (!text)
    return error{errc::bad_request, "symbol: the percent-encoding is not valid"};
  auto out = symbol::parse(*text);
  if (!out)
    return about("symbol", out.failure());
  return *out;
}

result<void> decodable(const query_string& parameters) {
  if (const auto& name = parameters.undecodable())
    return error{errc::bad_request, name->substr(0, 40) + ": the percent-encoding is not valid"};
  return {};
}

// What this route does not read is not left out in silence: the answer would be another one than
// was asked for.
result<void> without(const query_string& parameters, std::initializer_list<const char*> names,
                     const char* why) {
  for (const auto* name : names)
    if (const auto text = parameters.value(name))
      return error{errc::bad_request, std::string(name) + "=" + text->substr(0, 40) + ": " + why};
  return {};
}

template <class Request>
result<void> take_interval_and_limit(const query_string& parameters, Request& out) {
  if (const auto text = parameters.value("interval")) {
    const auto parsed = parse_kline_interval(*text);
    if (!parsed)
      return parsed.failure();
    out.interval = *parsed;
  }
  const auto limit = parameters.number("limit", 1, most_bars);
  if (!limit)
    return limit.failure();
  out.limit = limit->value_or(out.limit);
  return {};
}

result<std::vector<symbol>> symbols_of(std::string_view list) {
  std::vector<symbol> out;
  for (;;) {
    const auto comma = list.find(',');
    auto parsed = symbol::parse(list.substr(0, comma));
    if (!parsed)
      return about("symbols", parsed.failure());
    if (std::ranges::find(out, *parsed) == out.end())
      out.push_back(*parsed);
    if (out.size() > most_symbols)
      return error{errc::bad_request,
                   "symbols: at most " + std::to_string(most_symbols) + " in one request"};
    if (comma == std::string_view::npos)
      return out;
    list.remove_prefix(comma + 1);
  }
}

} // namespace

result<bar_request> parse_bar_request(std::string_view segment, std::string_view query) {
  const query_string parameters(query);
  if (const auto fine = decodable(parameters); !fine)
    return fine.failure();
  const auto name = symbol_of(segment);
  if (!name)
    return name.failure();
  bar_request out;
  out.symbol = *name;
  out.newest = true;
  if (const auto done = take_interval_and_limit(parameters, out); !done)
    return done.failure();
  if (const auto fine = without(parameters, {"start"}, "only /range begins at a time"); !fine)
    return fine.failure();
  const auto end = parameters.time("end");
  if (!end)
    return end.failure();
  out.end = *end;
  return out;
}

result<bar_request> parse_bar_range_request(std::string_view segment, std::string_view query) {
  const query_string parameters(query);
  if (const auto fine = decodable(parameters); !fine)
    return fine.failure();
  const auto name = symbol_of(segment);
  if (!name)
    return name.failure();
  bar_request out;
  out.symbol = *name;
  if (const auto done = take_interval_and_limit(parameters, out); !done)
    return done.failure();
  const auto start = parameters.time("start");
  if (!start)
    return start.failure();
  if (!*start)
    return error{errc::bad_request, "start is missing"};
  out.start = *start;
  const auto end = parameters.time("end");
  if (!end)
    return end.failure();
  out.end = *end;
  if (out.end && *out.end <= *out.start)
    return error{errc::bad_request,
                 "end=" + parameters.value("end")->substr(0, 40) +
                     ": must be later than start=" + parameters.value("start")->substr(0, 40)};
  return out;
}

result<latest_request> parse_latest_request(std::string_view query) {
  const query_string parameters(query);
  if (const auto fine = decodable(parameters); !fine)
    return fine.failure();
  latest_request out;
  if (const auto done = take_interval_and_limit(parameters, out); !done)
    return done.failure();
  if (const auto fine = without(parameters, {"start", "end"}, "/bars/latest takes no time"); !fine)
    return fine.failure();
  if (const auto list = parameters.value("symbols")) {
    if (const auto fine = without(parameters, {"limit", "after"}, "not together with symbols");
        !fine)
      return fine.failure();
    auto symbols = symbols_of(*list);
    if (!symbols)
      return symbols.failure();
    out.symbols = std::move(*symbols);
  }
  if (const auto text = parameters.value("after")) {
    const auto name = symbol::parse(*text);
    if (!name)
      return about("after", name.failure());
    out.after = *name;
  }
  return out;
}

} // namespace tradepulse
