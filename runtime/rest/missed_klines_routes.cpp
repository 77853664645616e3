#include "runtime/rest/missed_klines_routes.hpp"

#include <memory>
#include <utility>

#include "runtime/rest/missed_klines_answer.hpp"
#include "runtime/rest/missed_klines_request.hpp"
#include "runtime/rest/responses.hpp"

namespace tradepulse {
namespace {

using state = symbol_directory::lookup_state;

constexpr std::string_view route = "/api/v1/klines/missed";

error nobody_knows(const missed_klines_request& asked, stream_kind from) {
  const auto name = "symbol " + asked.symbol.str();
  if (from.events() == event_kind::candle)
    return {errc::unknown_symbol, name + " has no candle of interval " +
                                      std::string(name_of(asked.interval)) + " that has closed"};
  return {errc::unknown_symbol,
          name + " has no klines of interval " + std::string(name_of(asked.interval))};
}

// One request by the engine's numbers, until it has its pages.
struct asking {
  missed_klines_request asked;
  stream_kind from;
  missed_answer gathered;
  http_answer answer;
};

void read_next(history_source& history, const std::shared_ptr<asking>& one) {
  history.read(
      one->gathered.next_query(),
      [&history, one](const result<std::shared_ptr<const history_page>>& page) {
        if (!page)
          return one->answer(refused(page.failure(), route));
        if (one->gathered.take(**page))
          return read_next(history, one);
        one->answer(routed(
            json_response(200, missed_klines_body(one->asked, one->from, one->gathered)), route));
      });
}

http_response by_engine(const missed_klines_parts& parts, const missed_klines_request& asked,
                        stream_kind from, stream_position published) {
  missed_request as_events;
  as_events.symbol = asked.symbol;
  as_events.kind = from;
  as_events.from = sequence{asked.from};
  as_events.to = sequence{asked.to};
  as_events.limit = asked.limit;
  const auto waits = parts.bars->directory->waits_still({asked.symbol, from}, published.epoch);
  http_response out;
  out.later = [history = parts.history, asked, from,
               gathered = missed_answer(as_events, published, waits, spelling_of(from))](
                  http_answer answer) {
    read_next(*history, std::make_shared<asking>(asking{asked, from, gathered, std::move(answer)}));
  };
  return routed(std::move(out), route);
}

http_response by_source(source_history& source, const missed_klines_request& asked,
                        const source_published& published) {
  http_response out;
  out.later = [&source, asked, published](http_answer answer) {
    source.read(
        {asked.symbol, asked.interval, asked.from, asked.to, asked.limit}, published,
        [asked, published, answer = std::move(answer)](const result<source_page>& page) {
          if (!page)
            return answer(refused(page.failure(), route));
          if (!page->known && published.newest == stream_position{})
            return answer(refused(nobody_knows(asked, stream_kind::kline(asked.interval)), route));
          answer(routed(json_response(200, missed_klines_body(asked, *page, published)), route));
        });
  };
  return routed(std::move(out), route);
}

} // namespace

http_response missed_klines(const missed_klines_parts& parts, std::string_view query) {
  const auto asked = parse_missed_klines_request(query);
  if (!asked)
    return refused(asked.failure(), route);
  const auto from = find_missed_stream(*parts.bars, asked->symbol, asked->interval);
  if (from.state == state::not_owner)
    return refused(held_elsewhere(asked->symbol), route);
  // What other programs have stored answers also where the engine has seen nothing of the symbol.
  if (parts.source && from.kind.events() == event_kind::kline)
    return by_source(*parts.source, *asked,
                     {from.published.value_or(stream_position{}),
                      parts.bars->directory->waits_still({asked->symbol, from.kind})});
  if (from.state == state::unknown)
    return refused(nobody_knows(*asked, from.kind), route);
  return by_engine(parts, *asked, from.kind, *from.published);
}

} // namespace tradepulse
