#include "runtime/rest/binance_klines.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <utility>

#include "protocol/native_dialect.hpp"
#include "runtime/rest/bar_answer.hpp"
#include "runtime/rest/query_string.hpp"
#include "runtime/rest/responses.hpp"

namespace tradepulse {
namespace {

using state = symbol_directory::lookup_state;

constexpr std::string_view route = "/api/v3/klines";
constexpr std::uint64_t most_rows = 1'000;
constexpr std::uint64_t first_microseconds = 100'000'000'000'000; // as milliseconds: year 5138
constexpr std::size_t decimals = 8;

std::string quoted(std::string_view name) {
  return "'" + std::string(name) + "'";
}
binance_error illegal(std::string_view name, std::string_view allowed) {
  return {400, -1100,
          "Illegal characters found in parameter " + quoted(name) + "; legal range is " +
              quoted(allowed) + "."};
}
binance_error invalid(std::string_view name) {
  return {400, -1130, "Data sent for parameter " + quoted(name) + " is not valid."};
}

binance_error no_such_interval() {
  return {400, -1120, "Invalid interval."};
}

// A whole number of `least` to `most`. Absent: was not sent.
std::optional<binance_error> take_number(const query_string& parameters, std::string_view name,
                                         std::uint64_t least, std::uint64_t most,
                                         std::optional<std::uint64_t>& out) {
  const auto text = parameters.value(name);
  if (!text)
    return std::nullopt;
  if (text->empty())
    return binance_error{400, -1105, "Parameter " + quoted(name) + " was empty."};
  if (text->size() > 20 || text->find_first_not_of("0123456789") != std::string::npos)
    return illegal(name, "^[0-9]{1,20}$");
  std::uint64_t value = 0;
  const auto [end, failed] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (failed != std::errc{} || value < least || value > most)
    return invalid(name);
  out = value;
  return std::nullopt;
}

std::optional<binance_error> take_time(const query_string& parameters, std::string_view name,
                                       std::optional<time_ms>& out) {
  std::optional<std::uint64_t> number;
  if (auto wrong = take_number(parameters, name, 0, INT64_MAX, number); wrong || !number)
    return wrong;
  const auto ms = *number >= first_microseconds ? *number / 1'000 : *number;
  // Nothing is read outside; so the bounds are not passed by arithmetic either.
  out = std::min(time_ms{std::chrono::milliseconds{static_cast<std::int64_t>(ms)}},
                 latest_asked_time);
  return std::nullopt;
}

std::optional<binance_error> missing_or_empty(const query_string& parameters,
                                              std::string_view name) {
  const auto text = parameters.value(name);
  if (!text)
    return binance_error{400, -1102,
                         "Mandatory parameter " + quoted(name) +
                             " was not sent, was empty/null, or malformed."};
  if (text->empty())
    return binance_error{400, -1105, "Parameter " + quoted(name) + " was empty."};
  return std::nullopt;
}

void append_fixed(std::string& out, const std::optional<std::string>& decimal) {
  if (!decimal) {
    out += ",null";
    return;
  }
  out.append(R"(,")").append(*decimal);
  const auto point = decimal->find('.');
  const auto has = point == std::string::npos ? 0 : decimal->size() - point - 1;
  if (point == std::string::npos)
    out += '.';
  if (has < decimals)
    out.append(decimals - has, '0');
  out += '"';
}

// Whether anything was seen of the symbol.
bool is_known(const symbol_directory& directory, const symbol& name) {
  std::vector<stream_kind> kinds{stream_kind::price, stream_kind::trade, stream_kind::quote};
  for (std::size_t i = 0; i < kline_interval_count; ++i)
    kinds.push_back(stream_kind::kline(static_cast<kline_interval>(i)));
  return std::ranges::any_of(kinds, [&](stream_kind kind) {
    return directory.find({name, kind}).state != state::unknown;
  });
}

std::string rows_of(const std::vector<bar>& bars) {
  std::string out = "[";
  for (const auto& each : bars) {
    out += out.size() == 1 ? "" : ",";
    append_binance_row(out, each);
  }
  return out + "]";
}

} // namespace

std::optional<binance_error> parse_binance_klines(std::string_view query,
                                                  binance_klines_request& out) {
  const query_string parameters(query);
  if (const auto& name = parameters.undecodable())
    return illegal(name->substr(0, 40), "percent-encoded UTF-8");
  if (auto wrong = missing_or_empty(parameters, "symbol"))
    return wrong;
  const auto name = symbol::parse(*parameters.value("symbol"));
  if (!name)
    return illegal("symbol", "^[A-Za-z0-9._:/=^&+-]{1,32}$");
  out.symbol = *name;
  if (auto wrong = missing_or_empty(parameters, "interval"))
    return wrong;
  const auto interval = parse_kline_interval(*parameters.value("interval"));
  if (!interval)
    return no_such_interval();
  out.interval = *interval;
  if (auto wrong = take_time(parameters, "startTime", out.start))
    return wrong;
  if (auto wrong = take_time(parameters, "endTime", out.end))
    return wrong;
  if (out.start && out.end && *out.start > *out.end)
    return binance_error{
        400, -1102, "'startTime' contains unexpected value. Cannot be greater than 'endTime'."};
  std::optional<std::uint64_t> limit;
  if (auto wrong = take_number(parameters, "limit", 1, most_rows, limit))
    return wrong;
  out.limit = limit.value_or(out.limit);
  if (const auto zone = parameters.value("timeZone"); zone && *zone != "0" && *zone != "00:00")
    return invalid("timeZone");
  return std::nullopt;
}

bar_query query_of(const binance_klines_request& asked, stream_kind kind) {
  bar_query out{{asked.symbol}, kind, asked.start, {}, asked.limit, !asked.start};
  if (asked.end)
    out.until = *asked.end + std::chrono::milliseconds{1};
  out.details = true;
  return out;
}

void append_binance_row(std::string& out, const bar& of) {
  const auto ms = [](time_ms time) { return std::to_string(time.time_since_epoch().count()); };
  out += "[" + ms(of.start);
  for (const auto each : {of.open, of.high, of.low, of.close})
    append_fixed(out, each.to_string());
  append_fixed(out, of.volume);
  out += "," + ms(of.end - std::chrono::milliseconds{1});
  append_fixed(out, of.quote_volume);
  out += "," + (of.trades ? std::to_string(*of.trades) : "null");
  append_fixed(out, of.taker_buy_volume);
  append_fixed(out, of.taker_buy_quote_volume);
  out += R"(,"0"])";
}

binance_error binance_error_of(const error& why) {
  if (why.code == errc::unknown_symbol || why.code == errc::symbol_invalid)
    return {400, -1121, "Invalid symbol."};
  if (retryable(why.code) && why.code != errc::internal)
    return {503, -1001, "Internal error; unable to process your request. Please try again.", true};
  return {500, -1000, "An unknown error occurred while processing the request."};
}

http_response binance_response(const binance_error& why) {
  std::string body = R"({"code":)" + std::to_string(why.code) + R"(,"msg":)";
  native::append_json_string(body, why.message);
  auto out = json_response(why.status, body + "}");
  if (why.later)
    out.headers.emplace_back("Retry-After", "1");
  out.route = route;
  return out;
}

http_response binance_klines(const bar_parts& parts, std::string_view query) {
  binance_klines_request asked;
  if (const auto wrong = parse_binance_klines(query, asked))
    return binance_response(*wrong);
  auto from = find_bar_stream(parts, asked.symbol, asked.interval);
  if (from.state == state::not_owner)
    return binance_response(binance_error_of(held_elsewhere(asked.symbol)));
  http_response out;
  out.route = route;
  out.later = [stored = parts.stored, directory = parts.directory, asked,
               from = std::move(from)](http_answer answer) {
    const auto wanted = query_of(asked, from.kind);
    stored->read(wanted, [=](result<bar_page> page) {
      if (!page)
        return answer(binance_response(binance_error_of(page.failure())));
      auto& found = page->at(0);
      add_memory(found, from, wanted);
      if (const auto why = no_bars(asked.symbol, asked.interval, from, found))
        return answer(binance_response(
            is_known(*directory, asked.symbol) ? no_such_interval() : binance_error_of(*why)));
      auto rows = json_response(200, rows_of(found.bars));
      rows.headers.emplace_back("X-TradePulse-Position",
                                "stream=" + name_of(from.kind) +
                                    "; epoch=" + std::to_string(found.committed.epoch.value()) +
                                    "; seq=" + std::to_string(found.committed.seq.value()));
      rows.route = route;
      answer(std::move(rows));
    });
  };
  return out;
}

} // namespace tradepulse
