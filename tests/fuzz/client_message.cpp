#include <set>
#include <variant>

#include "adapters/json/client_message_parser.hpp"
#include "tests/fuzz/fuzz.hpp"

// What a client says: always an answer, within the limits that were given.

using namespace tradepulse;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  client_message_limits limits;
  limits.max_symbols = 16;
  limits.max_refused_symbols = 4;
  const auto message = parse_client_message(fuzz::text_of(data, size), limits);
  if (const auto* wanted = std::get_if<subscribe_request>(&message)) {
    fuzz::claim(wanted->symbols.size() <= limits.max_symbols, "no more symbols than allowed");
    for (const auto& each : wanted->symbols)
      fuzz::claim(symbol::valid(each.view()), "only valid symbols");
    fuzz::claim(std::set(wanted->streams.begin(), wanted->streams.end()).size() ==
                        wanted->streams.size() &&
                    wanted->streams.size() <= limits.max_streams,
                "each stream once, and no more than allowed");
    for (const auto kind : wanted->streams)
      fuzz::claim(kind.events() != event_kind::candle, "only streams that there are");
    fuzz::claim(wanted->since.empty() ||
                    wanted->since.size() == wanted->symbols.size() * wanted->streams.size(),
                "a place for each stream of each symbol, or none");
  }
  return 0;
}
