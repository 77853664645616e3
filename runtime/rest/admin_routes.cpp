#include "protocol/native_dialect.hpp"
#include "runtime/rest/query_string.hpp"
#include "runtime/rest/responses.hpp"
#include "runtime/rest/services.hpp"

namespace tradepulse {
namespace {

constexpr std::string_view symbol_kind = "symbol";

struct row {
  std::string_view kind;
  std::string_view name;
  std::string state;
  std::uint64_t queue_depth = 0;
  std::string last_error;
  std::uint32_t restarts = 0;
};

void append_row(std::string& out, const row& each) {
  out += R"({"kind":)";
  native::append_json_string(out, each.kind);
  out += R"(,"name":)";
  native::append_json_string(out, each.name);
  out += R"(,"state":)";
  native::append_json_string(out, each.state);
  out += R"(,"queue_depth":)" + std::to_string(each.queue_depth) + R"(,"last_error":)";
  if (each.last_error.empty())
    out += "null";
  else
    native::append_json_string(out, each.last_error);
  out += R"(,"restarts":)" + std::to_string(each.restarts) + "}";
}

std::string state_of(const symbol_directory::lookup& known, const symbol_entry& entry,
                     bool has_actor) {
  std::uint32_t subscriptions = 0;
  for (const auto& each : entry.interest)
    subscriptions += each.load();
  std::string out = known.state == symbol_directory::lookup_state::unknown     ? "awaited"
                    : known.state == symbol_directory::lookup_state::not_owner ? "away"
                    : has_actor                                                ? "active"
                                                                               : "idle";
  if (known.snapshot)
    out += ", epoch " + std::to_string(known.snapshot->position.epoch.value()) + ", sequence " +
           std::to_string(known.snapshot->position.seq.value());
  return out + ", " + std::to_string(subscriptions) + " subscriptions";
}

// A price stream has its symbol's name, another one that and its kind: `AAPL trade`. No symbol has
// a space.
std::string name_of(const stream_key& stream) {
  const auto kind = stream.kind == stream_kind::price ? "" : " " + tradepulse::name_of(stream.kind);
  return stream.symbol.str() + kind;
}
// What is no name is before all.
stream_key stream_named(std::string_view name) {
  const auto end = std::min(name.find(' '), name.size());
  const auto of = symbol::parse(name.substr(0, end));
  const auto kind = end < name.size() ? parse_stream_kind(name.substr(end + 1)) : stream_kind{};
  return of && kind ? stream_key{*of, *kind} : stream_key{};
}

} // namespace

// Cards first, then streams; `after` is "kind/name" of the last row that was seen.
http_response admin_actors(const symbol_directory& directory, const actor_board& board,
                           std::string_view query) {
  const query_string parameters(query);
  const auto limit_given = parameters.number("limit", 1, 10'000);
  if (!limit_given)
    return error_response(limit_given.failure().code, limit_given.failure().detail);
  const std::size_t limit = limit_given->value_or(100);
  const auto kind = parameters.value("kind");
  const std::string after = parameters.value("after").value_or("");
  const std::string symbols_after = std::string(symbol_kind) + "/";
  const bool in_symbols = after.starts_with(symbols_after);

  std::string out = R"({"actors":[)";
  std::size_t count = 0;
  std::string last;
  auto take = [&](const row& each) {
    out += count++ == 0 ? "" : ",";
    append_row(out, each);
    last = std::string(each.kind) + "/" + std::string(each.name);
  };
  if (!in_symbols && kind != symbol_kind)
    for (const auto& card : board.list(kind, after, limit + 1)) {
      if (count < limit)
        take({card->kind(), card->name(), card->state(), card->queue_depth.load(),
              card->last_error(), card->restarts.load()});
      else
        ++count; // there is more
    }
  if (count < limit + 1 && (!kind || kind == symbol_kind)) {
    const auto from = in_symbols ? after.substr(symbols_after.size()) : std::string{};
    for (const auto& entry : directory.list_all(stream_named(from), limit + 1 - count)) {
      if (count >= limit) {
        ++count;
        break;
      }
      const auto known = directory.read(*entry);
      const bool has_actor = directory.find_actor(entry->key) != nullptr;
      take({symbol_kind,
            name_of(entry->key),
            state_of(known, *entry, has_actor),
            entry->queued.load(),
            {},
            entry->restarts.load()});
    }
  }
  const bool more = count > limit;
  out += R"(],"count":)" + std::to_string(more ? limit : count);
  if (more) {
    out += R"(,"next":)";
    native::append_json_string(out, last);
  }
  return json_response(200, out + "}");
}

} // namespace tradepulse
