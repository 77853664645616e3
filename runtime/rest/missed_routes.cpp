#include "runtime/rest/missed_routes.hpp"

#include <memory>
#include <utility>

#include "runtime/rest/missed_answer.hpp"
#include "runtime/rest/missed_request.hpp"
#include "runtime/rest/responses.hpp"

namespace tradepulse {
namespace {

using state = symbol_directory::lookup_state;

constexpr std::string_view route = "/api/v1/events/missed";

// One request, until it has its pages.
struct asking {
  missed_answer gathered;
  http_answer answer;
};

void read_next(history_source& history, const std::shared_ptr<asking>& one) {
  history.read(one->gathered.next_query(),
               [&history, one](const result<std::shared_ptr<const history_page>>& page) {
                 if (!page)
                   return one->answer(refused(page.failure(), route));
                 if (one->gathered.take(**page))
                   return read_next(history, one);
                 one->answer(routed(json_response(200, one->gathered.body()), route));
               });
}

} // namespace

http_response missed_events(const symbol_directory& directory, history_source& history,
                            std::string_view query) {
  const auto asked = parse_missed_request(query);
  if (!asked)
    return refused(asked.failure(), route);
  const auto name = asked->symbol.str();
  const stream_key stream{asked->symbol, asked->kind};
  const auto known = directory.find(stream);
  if (known.state == state::unknown)
    return refused(
        {errc::unknown_symbol, asked->kind == stream_kind::price
                                   ? "symbol " + name + " is not known"
                                   : "symbol " + name + " has no stream " + name_of(asked->kind)},
        route);
  if (known.state == state::not_owner)
    return refused(held_elsewhere(asked->symbol), route);
  const auto published = known.snapshot->position;
  if (asked->epoch && *asked->epoch > published.epoch)
    return refused({errc::bad_request, "epoch=" + std::to_string(asked->epoch->value()) + ": " +
                                           name + " is at epoch " +
                                           std::to_string(published.epoch.value())},
                   route);
  const auto waits = directory.waits_still(stream, asked->epoch.value_or(published.epoch));
  http_response out;
  out.later = [&history, gathered = missed_answer(*asked, published, waits)](http_answer answer) {
    read_next(history, std::make_shared<asking>(asking{gathered, std::move(answer)}));
  };
  return routed(std::move(out), route);
}

} // namespace tradepulse
