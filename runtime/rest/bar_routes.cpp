#include "runtime/rest/bar_routes.hpp"

#include <memory>
#include <utility>

#include "runtime/rest/bar_answer.hpp"
#include "runtime/rest/bar_request.hpp"
#include "runtime/rest/latest_bars.hpp"
#include "runtime/rest/responses.hpp"

namespace tradepulse {
namespace {

using state = symbol_directory::lookup_state;

constexpr std::string_view latest = "/latest";
constexpr std::string_view range = "/range";

http_response one_symbol(const bar_parts& parts, const result<bar_request>& asked,
                         std::string_view route) {
  if (!asked)
    return refused(asked.failure(), route);
  auto from = find_bar_stream(parts, asked->symbol, asked->interval);
  if (from.state == state::not_owner)
    return refused(held_elsewhere(asked->symbol), route);
  http_response out;
  out.later = [stored = parts.stored, asked = *asked, from = std::move(from),
               route](http_answer answer) {
    const bar_query query{{asked.symbol}, from.kind,   asked.start,
                          asked.end,      asked.limit, asked.newest};
    stored->read(query, [=](result<bar_page> page) {
      if (!page)
        return answer(refused(page.failure(), route));
      auto& found = page->at(0);
      add_memory(found, from, query);
      if (const auto why = no_bars(asked.symbol, asked.interval, from, found))
        return answer(refused(*why, route));
      answer(routed(json_response(200, bars_body(asked, from, found)), route));
    });
  };
  return routed(std::move(out), route);
}

} // namespace

http_response bars_route(const bar_parts& parts, std::string_view path, std::string_view query) {
  if (path == latest)
    return latest_bars(parts, query);
  if (!path.starts_with('/') || path.size() == 1)
    return {};
  auto segment = path.substr(1);
  const bool of_range = segment.ends_with(range);
  if (of_range)
    segment.remove_suffix(range.size());
  if (segment.empty() || segment.find('/') != std::string_view::npos)
    return {};
  return of_range
             ? one_symbol(parts, parse_bar_range_request(segment, query), "/bars/{symbol}/range")
             : one_symbol(parts, parse_bar_request(segment, query), "/bars/{symbol}");
}

} // namespace tradepulse
