#include "adapters/json/client_message_parser.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "adapters/json/request_members.hpp"

namespace tradepulse {
namespace {

using json::request_list;
using json::request_members;
using json::request_value;
using json::shown;
using json::value_kind;

constexpr std::string_view not_in_this_version = " is not supported by this version";

// Collects symbols without doubles, and what is wrong with others.
class symbol_list {
 public:
  symbol_list(std::vector<symbol>& to, std::vector<refused_member>& refused,
              std::size_t max_refused)
      : to_(to), refused_(refused), max_refused_(max_refused) {}

  void add(std::string_view member, const request_value& item) {
    if (item.kind != value_kind::string) {
      refuse(std::string(member) + ": " + std::string(to_string(item.kind)) + ", must be a string");
      return;
    }
    auto parsed = symbol::parse(item.text);
    if (!parsed)
      refuse(parsed.failure().detail);
    else if (seen_.insert(*parsed).second)
      to_.push_back(*parsed);
  }

  void finish() {
    if (refused_count_ > max_refused_)
      refused_.push_back({errc::symbol_invalid, std::to_string(refused_count_ - max_refused_) +
                                                    " more symbols are invalid; the first " +
                                                    std::to_string(max_refused_) + " were named"});
  }

 private:
  void refuse(std::string detail) {
    if (refused_count_++ < max_refused_)
      refused_.push_back({errc::symbol_invalid, std::move(detail)});
  }

  std::vector<symbol>& to_;
  std::vector<refused_member>& refused_;
  std::size_t max_refused_;
  std::size_t refused_count_ = 0;
  std::unordered_set<symbol> seen_;
};

// Streams that the dialect names and this version does not serve.
bool known_stream(std::string_view name) noexcept {
  constexpr std::array<std::string_view, 4> names{"trade", "depth", "ticker", "quote"};
  for (std::string_view known : names)
    if (name == known)
      return true;
  for (std::string_view prefix : {std::string_view{"kline_"}, std::string_view{"candle_"}})
    if (name.starts_with(prefix) && name.size() > prefix.size())
      return true;
  return false;
}

void add_stream(const request_value& item, std::vector<stream_kind>& streams,
                std::vector<refused_member>& refused) {
  if (item.kind != value_kind::string) {
    refused.push_back({errc::bad_request,
                       "streams: " + std::string(to_string(item.kind)) + ", must be a string"});
  } else if (item.text == "price") {
    if (streams.empty())
      streams.push_back(stream_kind::price);
  } else if (known_stream(item.text)) {
    refused.push_back(
        {errc::unsupported,
         "stream " + shown(item.text) + std::string(not_in_this_version) + ", only \"price\""});
  } else {
    refused.push_back(
        {errc::bad_request, "stream " + shown(item.text) + " is not known, only \"price\""});
  }
}

void refuse_members(const request_members& members, std::vector<refused_member>& refused) {
  if (members.since.given())
    refused.push_back({errc::unsupported, "\"since\"" + std::string(not_in_this_version)});
  if (members.delivery.given())
    refused.push_back({errc::unsupported, "\"delivery\"" + std::string(not_in_this_version)});
  for (const std::string& name : members.unknown)
    refused.push_back({errc::bad_request, "member " + shown(name) + " is not known"});
  if (members.unknown_count > members.unknown.size())
    refused.push_back(
        {errc::bad_request, std::to_string(members.unknown_count - members.unknown.size()) +
                                " more members are not known"});
}

std::optional<error> check_form(const request_members& members,
                                const client_message_limits& limits) {
  if (!members.symbol.given() && !members.symbols.given())
    return error{errc::bad_request, "neither \"symbol\" nor \"symbols\""};
  if (members.symbols.given() && members.symbols.kind != value_kind::array)
    return error{errc::bad_request, "symbols: " + std::string(to_string(members.symbols.kind)) +
                                        ", must be an array of strings"};
  if (members.streams.given() && members.streams.kind != value_kind::array)
    return error{errc::bad_request, "streams: " + std::string(to_string(members.streams.kind)) +
                                        ", must be an array of strings"};
  const std::size_t symbols = members.symbols.size + (members.symbol.given() ? 1 : 0);
  if (symbols == 0)
    return error{errc::bad_request, "symbols: empty, at least one"};
  if (symbols > limits.max_symbols)
    return error{errc::too_large, "symbols: " + std::to_string(symbols) + ", at most " +
                                      std::to_string(limits.max_symbols)};
  if (members.streams.given() && members.streams.size == 0)
    return error{errc::bad_request, "streams: empty, at least one"};
  if (members.streams.size > limits.max_streams)
    return error{errc::too_large, "streams: " + std::to_string(members.streams.size) +
                                      ", at most " + std::to_string(limits.max_streams)};
  return std::nullopt;
}

template <class Request>
client_message subscription_of(request_members members, const client_message_limits& limits) {
  if (auto wrong = check_form(members, limits))
    return invalid_request{std::move(members.id_json), wrong->code, std::move(wrong->detail)};
  Request out;
  out.id = std::move(members.id_json);
  symbol_list symbols(out.symbols, out.refused, limits.max_refused_symbols);
  const auto add_single = [&] {
    if (members.symbol.given())
      symbols.add("symbol", members.symbol);
  };
  if (!members.symbols_before_symbol)
    add_single();
  for (const request_value& item : members.symbols.items)
    symbols.add("symbols", item);
  if (members.symbols_before_symbol)
    add_single();
  symbols.finish();
  if (!members.streams.given())
    out.streams.push_back(stream_kind::price);
  for (const request_value& item : members.streams.items)
    add_stream(item, out.streams, out.refused);
  refuse_members(members, out.refused);
  return out;
}

// The id of a request must be small enough to be echoed with each answer.
std::optional<error> check_id(const request_members& members, std::size_t max_bytes) {
  if (members.id_kind == value_kind::boolean || members.id_kind == value_kind::object ||
      members.id_kind == value_kind::array)
    return error{errc::bad_request, "id: " + std::string(to_string(members.id_kind)) +
                                        ", must be a string, a number or null"};
  if (members.id_json.size() > max_bytes)
    return error{errc::bad_request, "id: " + std::to_string(members.id_json.size()) +
                                        " bytes, at most " + std::to_string(max_bytes)};
  return std::nullopt;
}

invalid_request without_type(request_members members) {
  const auto unsupported = [&](std::string_view dialect, std::string_view member) {
    return invalid_request{std::move(members.id_json), errc::unsupported,
                           "the " + std::string(dialect) + " dialect (\"" + std::string(member) +
                               "\")" + std::string(not_in_this_version)};
  };
  if (members.method.given())
    return unsupported("Binance style", "method");
  if (members.action.given())
    return unsupported("Alpaca style", "action");
  return {std::move(members.id_json), errc::bad_request, "type: absent, and required"};
}

} // namespace

client_message parse_client_message(std::string_view text, const client_message_limits& limits) {
  const std::size_t most_items = std::max(limits.max_symbols, limits.max_streams);
  auto read = json::read_request(text, {limits.max_bytes, limits.max_depth, most_items});
  if (!read)
    return invalid_request{{}, read.failure().code, read.failure().detail};
  request_members members = *std::move(read);
  if (auto wrong = check_id(members, limits.max_id_bytes))
    return invalid_request{{}, wrong->code, std::move(wrong->detail)};
  if (!members.type.given())
    return without_type(std::move(members));
  if (members.type.kind != value_kind::string)
    return invalid_request{std::move(members.id_json), errc::bad_request,
                           "type: " + std::string(to_string(members.type.kind)) +
                               ", must be a string"};
  const std::string& type = members.type.text;
  if (type == "subscribe")
    return subscription_of<subscribe_request>(std::move(members), limits);
  if (type == "unsubscribe")
    return subscription_of<unsubscribe_request>(std::move(members), limits);
  if (type == "list")
    return list_request{std::move(members.id_json)};
  if (type == "pong")
    return pong_message{};
  if (type == "ping")
    return ping_message{std::move(members.id_json)};
  if (type == "auth" || type == "refresh")
    return invalid_request{std::move(members.id_json), errc::unsupported,
                           "\"" + type + "\"" + std::string(not_in_this_version)};
  return invalid_request{std::move(members.id_json), errc::unknown_message,
                         "type " + shown(type) +
                             " is not known: subscribe, unsubscribe, list, ping or pong"};
}

} // namespace tradepulse
