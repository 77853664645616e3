#include "adapters/json/client_message_parser.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "adapters/json/request_members.hpp"
#include "adapters/json/since_member.hpp"

namespace tradepulse {
namespace {

using json::asked_names;
using json::request_members;
using json::request_value;
using json::shown;
using json::value_kind;

constexpr std::string_view not_in_this_version = " is not supported by this version";

// Collects symbols without doubles, and what is wrong with others.
class symbol_list {
 public:
  symbol_list(std::vector<symbol>& to, std::vector<refused_member>& refused,
              std::size_t max_refused, asked_names::places& asked)
      : to_(to), refused_(refused), max_refused_(max_refused), asked_(asked) {}

  void add(std::string_view member, const request_value& item) {
    if (item.kind != value_kind::string) {
      refuse(std::string(member) + ": " + std::string(to_string(item.kind)) + ", must be a string");
      return;
    }
    const auto [place, anew] = asked_.try_emplace(item.text, asked_names::refused);
    if (!anew && place->second != asked_names::refused)
      return;
    auto parsed = symbol::parse(item.text);
    if (!parsed) {
      refuse(parsed.failure().detail);
      return;
    }
    place->second = to_.size();
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
  asked_names::places& asked_;
  std::size_t refused_count_ = 0;
};

// Collects streams without doubles, and what is wrong with others.
class stream_list {
 public:
  stream_list(std::vector<stream_kind>& to, std::vector<refused_member>& refused,
              asked_names::places& asked, candle_intervals candles)
      : to_(to), refused_(refused), asked_(asked), candles_(candles) {}

  void add(const request_value& item) {
    if (item.kind != value_kind::string) {
      refused_.push_back({errc::bad_request,
                          "streams: " + std::string(to_string(item.kind)) + ", must be a string"});
      return;
    }
    const auto [place, anew] = asked_.try_emplace(item.text, asked_names::refused);
    if (!anew)
      return;
    const auto parsed = parse_stream_kind(item.text);
    if (parsed && is_made(*parsed)) {
      place->second = to_.size();
      to_.push_back(*parsed);
    } else if (parsed) {
      refused_.push_back({errc::unsupported, "stream " + shown(item.text) + not_made()});
    } else if (item.text == "depth" || item.text == "ticker") {
      refused_.push_back({errc::unsupported, "stream " + shown(item.text) +
                                                 std::string(not_in_this_version) + only_these()});
    } else {
      refused_.push_back(
          {errc::bad_request, "stream " + shown(item.text) + " is not known" + only_these()});
    }
  }

 private:
  bool is_made(stream_kind kind) const {
    return kind.events() != event_kind::candle || candles_.contains(kind.candle_length());
  }
  // " (1m 5m)"
  std::string made() const {
    std::string out;
    for (const auto each : all_candle_intervals)
      if (candles_.contains(each))
        out.append(out.empty() ? " (" : " ").append(name_of(each));
    return out + ")";
  }
  std::string not_made() const {
    if (candles_.empty())
      return ": no candles are made (candles.source of a topic)";
    return ": candles of this length are not made, only" + made() + " (candles.intervals)";
  }
  std::string only_these() const {
    return ", only price, trade, quote" +
           std::string(candles_.empty() ? " and" : ", candle_<interval>" + made() + " and") +
           " kline_<interval> (1s 1m 3m 5m 15m 30m 1h 2h 4h 6h 8h 12h 1d 3d 1w 1M)";
  }

  std::vector<stream_kind>& to_;
  std::vector<refused_member>& refused_;
  asked_names::places& asked_;
  candle_intervals candles_;
};

void refuse_members(const request_members& members, std::vector<refused_member>& refused) {
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
  asked_names asked; // by texts of `members`
  symbol_list symbols(out.symbols, out.refused, limits.max_refused_symbols, asked.symbols);
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
  static const request_value price_alone{value_kind::string, "price"};
  stream_list streams(out.streams, out.refused, asked.streams, limits.candles);
  if (!members.streams.given())
    streams.add(price_alone);
  for (const request_value& item : members.streams.items)
    streams.add(item);
  refuse_members(members, out.refused);
  if constexpr (std::is_same_v<Request, subscribe_request>) {
    if (members.since.given()) {
      asked.served_symbols = out.symbols.size();
      asked.served_streams = out.streams.size();
      auto since = json::since_of(members.since, asked);
      if (!since)
        return invalid_request{std::move(out.id), since.failure().code, since.failure().detail};
      out.since = *std::move(since);
    }
  } else if (members.since.given()) {
    out.refused.push_back({errc::bad_request, "since: only a subscribe goes on from a position"});
  }
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
  auto read = json::read_request(
      text, {limits.max_bytes, limits.max_depth, most_items, /*with_since=*/true});
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
