#include "runtime/rest/snapshot_routes.hpp"

#include <limits>
#include <memory>

#include "adapters/json/query_request.hpp"
#include "protocol/native_dialect.hpp"
#include "runtime/rest/query_string.hpp"
#include "runtime/rest/responses.hpp"

namespace tradepulse {
namespace {

using state = symbol_directory::lookup_state;

// Entries that one slice of a list looks at: some 100 KB of text.
constexpr std::size_t slice_entries = 512;

// Writes a list slice by slice; nothing of it is held but the place it has come to.
class snapshot_list {
 public:
  snapshot_list(const symbol_directory& directory, std::string after, std::size_t limit)
      : directory_(directory), after_(std::move(after)), limit_(limit) {}

  // Appends the next slice; false when it was the last.
  bool append(std::string& out) {
    if (!begun_)
      out += R"({"data":[)";
    begun_ = true;
    const auto entries = directory_.list(after_, slice_entries);
    for (const auto& entry : entries) {
      const auto known = directory_.read(*entry);
      if (known.state == state::found && count_ == limit_) {
        more_ = true;
        break;
      }
      after_ = entry->key.symbol.str();
      elsewhere_ += known.state == state::not_owner ? 1 : 0;
      if (known.state != state::found)
        continue;
      out += count_++ == 0 ? "" : ",";
      native::append_rest_snapshot(out, *price_of(known.snapshot.get()));
      last_ = after_;
    }
    if (!more_ && entries.size() == slice_entries)
      return true;
    out += R"(],"count":)" + std::to_string(count_);
    if (more_) {
      out += R"(,"next":)";
      native::append_json_string(out, last_);
    }
    if (elsewhere_ > 0)
      out += R"(,"not_owner":)" + std::to_string(elsewhere_);
    out += "}";
    return false;
  }

 private:
  const symbol_directory& directory_;
  std::string after_;
  std::string last_;
  std::size_t limit_;
  std::size_t count_ = 0;
  std::size_t elsewhere_ = 0;
  bool begun_ = false;
  bool more_ = false;
};

} // namespace

http_response get_snapshot(const symbol_directory& directory, std::string_view segment) {
  const auto text = percent_decode(segment, false);
  if (!text)
    return error_response(errc::bad_request, "the symbol's percent-encoding is not valid");
  const auto name = symbol::parse(*text);
  if (!name)
    return error_response(name.failure().code, name.failure().detail);
  const auto known = directory.find(*name);
  if (known.state == state::unknown)
    return error_response(errc::unknown_symbol, "symbol " + *text + " is not known");
  if (known.state == state::not_owner) {
    const auto why = held_elsewhere(*name);
    return error_response(why.code, why.detail);
  }
  std::string body;
  native::append_rest_snapshot(body, *price_of(known.snapshot.get()));
  return json_response(200, std::move(body));
}

http_response list_snapshots(const symbol_directory& directory, std::string_view query) {
  const query_string parameters(query);
  const auto limit = parameters.number("limit", 1, 1'000'000);
  if (!limit)
    return error_response(limit.failure().code, limit.failure().detail);
  auto list =
      std::make_shared<snapshot_list>(directory, parameters.value("after").value_or(""),
                                      limit->value_or(std::numeric_limits<std::size_t>::max()));
  auto out = json_response(200, {});
  if (list->append(out.body))
    out.more = [list](std::string& slice) { return list->append(slice); };
  return out;
}

http_response query_snapshots(const symbol_directory& directory, const http_request& request) {
  if (request.content_type.substr(0, 16) != "application/json")
    return error_response(errc::unsupported_media_type,
                          "Content-Type must be application/json, it is \"" +
                              request.content_type.substr(0, 60) + "\"");
  const auto asked = parse_query_request(request.body);
  if (!asked)
    return error_response(asked.failure().code, asked.failure().detail);
  std::string data;
  std::string missing;
  std::string elsewhere;
  std::size_t count = 0;
  auto append_name = [](std::string& to, const symbol& name) {
    to += to.empty() ? "\"" : ",\"";
    to += name.view();
    to += '"';
  };
  for (const auto& name : *asked) {
    const auto known = directory.find(name);
    if (known.state == state::unknown)
      append_name(missing, name);
    else if (known.state == state::not_owner)
      append_name(elsewhere, name);
    else {
      data += count++ == 0 ? "" : ",";
      native::append_rest_snapshot(data, *price_of(known.snapshot.get()));
    }
  }
  std::string body = R"({"count":)" + std::to_string(count) + R"(,"data":[)" + data +
                     R"(],"missing":[)" + missing + "]";
  if (!elsewhere.empty())
    body += R"(,"not_owner":[)" + elsewhere + "]";
  return json_response(200, std::move(body) + "}");
}

} // namespace tradepulse
