#include "protocol/native_dialect.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <unordered_set>
#include <vector>

#include "protocol/native_line.hpp"
#include "protocol/utf8.hpp"

// What is said beside the events (native_events.cpp).
namespace tradepulse::native {
namespace {

// And the end of the position.
void put_span(line& to, const recovered_span& span) noexcept {
  put_place(to.text(R"(,"recovered":true,"from":{)"), span.from);
  put_place(to.text(R"(},"to":{)"), span.to).text(R"(},"lost":)");
  if (span.lost)
    to.integer(*span.lost).text("}");
  else
    to.text("null}");
}

void append_integer(std::string& out, std::int64_t value) {
  std::array<char, 24> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  out.append(buffer.data(), static_cast<std::size_t>(end - buffer.data()));
}

// `,"id":..`: the text is JSON already.
void append_id(std::string& out, std::string_view id) {
  if (!id.empty())
    out.append(R"(,"id":)").append(id);
}

void append_symbol(std::string& out, const symbol& name) {
  out.append(1, '"').append(name.view()).append(1, '"');
}

void append_symbols(std::string& out, std::span<const symbol> symbols) {
  out += '[';
  for (std::size_t i = 0; i < symbols.size(); ++i) {
    if (i != 0)
      out += ',';
    append_symbol(out, symbols[i]);
  }
  out += ']';
}

// `,"subscriptions":[..]`
void append_streams(std::string& out, std::span<const stream_key> streams) {
  out += R"(,"subscriptions":[)";
  for (std::size_t i = 0; i < streams.size(); ++i) {
    out += i == 0 ? R"({"symbol":)" : R"(,{"symbol":)";
    append_symbol(out, streams[i].symbol);
    out += R"(,"stream":")";
    append_name(out, streams[i].kind);
    out += R"("})";
  }
  out += ']';
}

void append_escaped(std::string& out, char c) {
  constexpr std::string_view hex = "0123456789abcdef";
  switch (c) {
  case '"':
    out += R"(\")";
    return;
  case '\\':
    out += R"(\\)";
    return;
  case '\n':
    out += R"(\n)";
    return;
  case '\r':
    out += R"(\r)";
    return;
  case '\t':
    out += R"(\t)";
    return;
  default:
    if (static_cast<unsigned char>(c) >= 0x20) {
      out += c;
      return;
    }
    out += R"(\u00)";
    out += hex[static_cast<unsigned char>(c) >> 4];
    out += hex[static_cast<unsigned char>(c) & 0xf];
  }
}

} // namespace

void append_subscribed(std::string& out, std::string_view id,
                       std::span<const join_position> joined) {
  out += R"({"type":"subscribed")";
  append_id(out, id);
  out += R"(,"symbols":[)";
  std::unordered_set<symbol> named;
  for (const auto& join : joined) {
    if (!named.insert(join.symbol).second)
      continue; // several streams of one
    if (named.size() > 1)
      out += ',';
    append_symbol(out, join.symbol);
  }
  out += R"(],"positions":[)";
  for (std::size_t i = 0; i < joined.size(); ++i) {
    const join_position& join = joined[i];
    line to;
    to.text(i == 0 ? R"({"symbol":")" : R"(,{"symbol":")").text(join.symbol.view());
    to.text(R"(","stream":")").text(name_of(join.kind));
    to.text(R"(","known":)").text(join.known ? "true" : "false");
    to.text(",");
    put_place(to, join.recovered ? join.recovered->to : join.position);
    if (join.recovered)
      put_span(to, *join.recovered);
    else
      to.text(R"(,"recovered":false})");
    to.append_to(out);
  }
  out += "]}";
}

void append_unsubscribed(std::string& out, std::string_view id, std::span<const stream_key> left) {
  std::vector<symbol> symbols;
  std::vector<stream_kind> streams;
  for (const auto& each : left) {
    if (symbols.empty() || symbols.back() != each.symbol)
      symbols.push_back(each.symbol);
    if (std::ranges::find(streams, each.kind) == streams.end())
      streams.push_back(each.kind);
  }
  out += R"({"type":"unsubscribed")";
  append_id(out, id);
  out += R"(,"symbols":)";
  append_symbols(out, symbols);
  if (left.size() < symbols.size() * streams.size()) {
    append_streams(out, left);
  } else if (std::ranges::any_of(streams, [](auto each) { return each != stream_kind::price; })) {
    out += R"(,"streams":[)";
    for (std::size_t i = 0; i < streams.size(); ++i) {
      out += i == 0 ? "\"" : ",\"";
      append_name(out, streams[i]);
      out += '"';
    }
    out += ']';
  }
  out += '}';
}

void append_subscriptions(std::string& out, std::string_view id,
                          std::span<const stream_key> streams) {
  out += R"({"type":"subscriptions")";
  append_id(out, id);
  append_streams(out, streams);
  out += R"(,"count":)";
  append_integer(out, static_cast<std::int64_t>(streams.size()));
  out += '}';
}

void append_gap(std::string& out, const stream_key& stream, epoch e, sequence from,
                std::optional<sequence> to, std::string_view reason) {
  line head;
  head.text(R"({"type":"gap","symbol":")").text(stream.symbol.view());
  head.text(R"(","stream":")").text(name_of(stream.kind));
  head.text(R"(","epoch":)").integer(e.value());
  head.text(R"(,"from":)").integer(from.value()).text(R"(,"to":)");
  if (to)
    head.integer(to->value());
  else
    head.text("null");
  head.text(R"(,"reason":)").append_to(out);
  append_json_string(out, reason);
  out += '}';
}

void append_error(std::string& out, std::string_view id, errc code, std::string_view message,
                  std::optional<stream_key> about) {
  out += R"({"type":"error")";
  append_id(out, id);
  out += R"(,"code":)";
  append_integer(out, static_cast<std::int64_t>(code));
  out += R"(,"message":)";
  append_json_string(out, message);
  out += R"(,"retryable":)";
  out += retryable(code) ? "true" : "false";
  if (about) {
    out += R"(,"symbol":)";
    append_symbol(out, about->symbol);
    if (about->kind != stream_kind::price) {
      out += R"(,"stream":")";
      append_name(out, about->kind);
      out += '"';
    }
  }
  out += '}';
}

void append_ping(std::string& out, time_ms now) {
  line to;
  to.text(R"({"type":"ping","timestamp":)").integer(milliseconds_of(now)).text("}").append_to(out);
}

void append_pong(std::string& out, std::string_view id, time_ms now) {
  out += R"({"type":"pong")";
  append_id(out, id);
  line to;
  to.text(R"(,"timestamp":)").integer(milliseconds_of(now)).text("}").append_to(out);
}

void append_rest_snapshot(std::string& out, const price_snapshot& snapshot) {
  line to;
  to.text("{");
  put_event(to, snapshot.symbol, snapshot.price, snapshot.volume, snapshot.event_time, false);
  to.text(R"(,"epoch":)").integer(snapshot.position.epoch.value());
  to.text(R"(,"seq":)").integer(snapshot.position.seq.value());
  if (snapshot.price_seq != snapshot.position.seq)
    to.text(R"(,"price_seq":)").integer(snapshot.price_seq.value());
  put_source_sequence(to, snapshot.source_sequence);
  to.text("}").append_to(out);
}

void append_rest_error(std::string& out, errc code, std::string_view message) {
  out += R"({"error":{"code":")";
  out += to_string(code);
  out += R"(","message":)";
  append_json_string(out, message);
  out += R"(,"retryable":)";
  out += retryable(code) ? "true" : "false";
  out += "}}";
}

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const std::size_t length = utf8::first_character(text);
    if (length == 1) {
      append_escaped(out, text.front());
    } else if (length == 0) {
      out += "\xef\xbf\xbd"; // U+FFFD, one for each byte that belongs to no character
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  out += '"';
}

} // namespace tradepulse::native
