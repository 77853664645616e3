#include "protocol/native_dialect.hpp"

#include <array>
#include <charconv>
#include <cstring>

#include "protocol/utf8.hpp"

// Hand-written on purpose: an event is written once per dialect and burst, and its members are
// known. Symbols need no escaping by their rule, numbers and times none by their form.
namespace tradepulse::native {
namespace {

// A message of bounded length is put together here and appended at once. The longest one is a
// merged update: about 200 characters of names, a symbol of 32, six decimals below 48 each and
// seven integers of at most 20, so well below the size.
class line {
 public:
  line& text(std::string_view literal) noexcept {
    std::memcpy(at_, literal.data(), literal.size());
    at_ += literal.size();
    return *this;
  }
  line& integer(std::int64_t value) noexcept {
    at_ = std::to_chars(at_, buffer_.data() + buffer_.size(), value).ptr;
    return *this;
  }
  line& decimal(int128 units, bool quotes) noexcept {
    if (quotes)
      *at_++ = '"';
    at_ = write_decimal(at_, units);
    if (quotes)
      *at_++ = '"';
    return *this;
  }
  line& volume(const std::optional<quantity>& value, bool quotes) noexcept {
    return value ? decimal(value->units(), quotes) : text("null");
  }
  void append_to(std::string& out) const {
    out.append(buffer_.data(), static_cast<std::size_t>(at_ - buffer_.data()));
  }

 private:
  std::array<char, 1024> buffer_;
  char* at_ = buffer_.data();
};

std::int64_t milliseconds_of(time_ms time) noexcept {
  return time.time_since_epoch().count();
}

void put_source_sequence(line& to, const std::optional<std::int64_t>& number) noexcept {
  if (number)
    to.text(R"(,"source_sequence":)").integer(*number);
}

// `"symbol":..,"price":..,"volume":..,"timestamp":..`
void put_event(line& to, const symbol& name, price p, const std::optional<quantity>& volume,
               time_ms event_time, bool quotes) noexcept {
  to.text(R"("symbol":")").text(name.view()).text(R"(","price":)").decimal(p.units(), quotes);
  to.text(R"(,"volume":)").volume(volume, quotes);
  to.text(R"(,"timestamp":)").integer(milliseconds_of(event_time));
}

void put_position(line& to, sequence seq, epoch e) noexcept {
  to.text(R"(,"sequence":)").integer(seq.value()).text(R"(,"epoch":)").integer(e.value());
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

void append_price_update(std::string& out, const symbol& name, epoch e, const numbered_event& event,
                         bool numbers_as_strings) {
  line to;
  to.text(R"({"type":"price_update","data":{)");
  put_event(to, name, event.price, event.volume, event.event_time, numbers_as_strings);
  put_position(to, event.seq, e);
  put_source_sequence(to, event.source_sequence);
  if (event.late)
    to.text(R"(,"late":true)");
  to.text("}}").append_to(out);
}

void append_merged_update(std::string& out, const merged_update& update, bool numbers_as_strings) {
  const bool several = update.first_seq != update.last_seq;
  line to;
  to.text(R"({"type":"price_update","data":{)");
  put_event(to, update.symbol, update.price, update.volume, update.event_time, numbers_as_strings);
  put_position(to, update.last_seq, update.epoch);
  if (several)
    to.text(R"(,"first_seq":)").integer(update.first_seq.value());
  if (update.price_seq != update.last_seq)
    to.text(R"(,"price_seq":)").integer(update.price_seq.value());
  put_source_sequence(to, update.source_sequence);
  if (several) {
    to.text(R"(,"n":)").integer(static_cast<std::int64_t>(update.count));
    to.text(R"(,"o":)").decimal(update.open.units(), numbers_as_strings);
    to.text(R"(,"h":)").decimal(update.high.units(), numbers_as_strings);
    to.text(R"(,"l":)").decimal(update.low.units(), numbers_as_strings);
    to.text(R"(,"c":)").decimal(update.close.units(), numbers_as_strings);
  }
  if (update.late)
    to.text(R"(,"late":true)");
  to.text("}}").append_to(out);
}

void append_snapshot(std::string& out, const price_snapshot& snapshot, bool numbers_as_strings) {
  line to;
  to.text(R"({"type":"price_update","snapshot":true,"data":{)");
  put_event(to, snapshot.symbol, snapshot.price, snapshot.volume, snapshot.event_time,
            numbers_as_strings);
  put_position(to, snapshot.position.seq, snapshot.position.epoch);
  if (snapshot.price_seq != snapshot.position.seq)
    to.text(R"(,"price_seq":)").integer(snapshot.price_seq.value());
  put_source_sequence(to, snapshot.source_sequence);
  to.text("}}").append_to(out);
}

void append_subscribed(std::string& out, std::string_view id,
                       std::span<const join_position> joined) {
  out += R"({"type":"subscribed")";
  append_id(out, id);
  out += R"(,"symbols":[)";
  for (std::size_t i = 0; i < joined.size(); ++i) {
    if (i != 0)
      out += ',';
    append_symbol(out, joined[i].symbol);
  }
  out += R"(],"positions":[)";
  for (std::size_t i = 0; i < joined.size(); ++i) {
    const join_position& join = joined[i];
    line to;
    to.text(i == 0 ? R"({"symbol":")" : R"(,{"symbol":")").text(join.symbol.view());
    to.text(R"(","stream":"price","known":)").text(join.known ? "true" : "false");
    to.text(R"(,"epoch":)").integer(join.position.epoch.value());
    to.text(R"(,"seq":)").integer(join.position.seq.value());
    to.text(R"(,"recovered":false})").append_to(out);
  }
  out += "]}";
}

void append_unsubscribed(std::string& out, std::string_view id, std::span<const symbol> symbols) {
  out += R"({"type":"unsubscribed")";
  append_id(out, id);
  out += R"(,"symbols":)";
  append_symbols(out, symbols);
  out += '}';
}

void append_subscriptions(std::string& out, std::string_view id, std::span<const symbol> symbols) {
  out += R"({"type":"subscriptions")";
  append_id(out, id);
  out += R"(,"subscriptions":[)";
  for (std::size_t i = 0; i < symbols.size(); ++i) {
    out += i == 0 ? R"({"symbol":)" : R"(,{"symbol":)";
    append_symbol(out, symbols[i]);
    out += R"(,"stream":"price"})";
  }
  out += R"(],"count":)";
  append_integer(out, static_cast<std::int64_t>(symbols.size()));
  out += '}';
}

void append_gap(std::string& out, const symbol& name, epoch e, sequence from,
                std::optional<sequence> to, std::string_view reason) {
  line head;
  head.text(R"({"type":"gap","symbol":")").text(name.view());
  head.text(R"(","stream":"price","epoch":)").integer(e.value());
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
                  std::optional<symbol> about) {
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
    append_symbol(out, *about);
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
