#include "adapters/json/since_member.hpp"

#include <algorithm>
#include <span>
#include <string>
#include <utility>

#include "adapters/json/since_place.hpp"

namespace tradepulse::json {
namespace {

using members = std::vector<const request_node*>;
constexpr std::string_view a_place = R"({"epoch":E,"seq":N} or {"time":ms})";

error wrong(const std::string& where, std::string_view what) {
  return {errc::bad_request, where + std::string(what)};
}

error not_an_object(const std::string& where, value_kind is, std::string_view must_be) {
  return wrong(where, ": " + std::string(to_string(is)) + ", must be " + std::string(must_be));
}

// A name that a client has written, as a part of where an error is: only good ones get there.
std::string within(const std::string& where, const request_node& member) {
  return where + "." + member.name;
}

class reader {
 public:
  explicit reader(const asked_names& asked)
      : asked_(asked), places_(asked.served_symbols * asked.served_streams) {}

  std::optional<error> read(const request_node& since) {
    if (since.kind != value_kind::object)
      return not_an_object("since", since.kind, a_place);
    const members all = last_of_each(since.members);
    const auto of_symbol = [&](const request_node* each) { return is_of_symbol(*each); };
    if (std::any_of(all.begin(), all.end(), of_symbol))
      return read_symbols(all);
    if (asked_.symbols.size() == 1)
      return read_place_or_streams("since", all, 0, asked_.served_symbols);
    if (const request_node* stream = first_stream(all))
      return wrong("since", ": " + shown(stream->name) +
                                " is no symbol of this request, which has " +
                                std::to_string(asked_.symbols.size()) +
                                R"(: {"<symbol>":{"<stream>":)" + std::string(a_place) + "}}");
    return read_place("since", all, 0, asked_.served_symbols);
  }

  // None where nothing is said.
  std::vector<std::optional<since_point>> take() {
    const auto said = [](const auto& place) { return place.has_value(); };
    if (std::none_of(places_.begin(), places_.end(), said))
      places_.clear();
    return std::move(places_);
  }

 private:
  bool is_of_symbol(const request_node& member) const {
    return asked_.symbols.contains(member.name) &&
           (member.kind == value_kind::object || !names_a_place(member));
  }

  // What can only be meant as a stream: an object under a name that no place has.
  static const request_node* first_stream(const members& all) {
    const auto place = [](const request_node* each) { return names_a_place(*each); };
    const auto found = std::find_if_not(all.begin(), all.end(), place);
    const bool only_streams = std::none_of(all.begin(), all.end(), place);
    return only_streams && found != all.end() && (*found)->kind == value_kind::object ? *found
                                                                                      : nullptr;
  }

  std::optional<error> read_symbols(const members& all) {
    for (const request_node* each : all) {
      const auto place = asked_.symbols.find(each->name);
      if (place == asked_.symbols.end())
        return wrong("since", ": " + shown(each->name) + " is no symbol of this request");
      if (place->second == asked_names::refused || !each->given())
        continue;
      const std::string where = within("since", *each);
      if (each->kind != value_kind::object)
        return not_an_object(where, each->kind, a_place);
      if (auto failed = read_place_or_streams(where, last_of_each(each->members), place->second, 1))
        return failed;
    }
    return std::nullopt;
  }

  // Of `count` symbols from `first` on: of one, or of none where it was refused.
  std::optional<error> read_place_or_streams(const std::string& where, const members& all,
                                             std::size_t first, std::size_t count) {
    if (first_stream(all) == nullptr && !names_streams(all))
      return read_place(where, all, first, count);
    for (const request_node* each : all) {
      const auto stream = asked_.streams.find(each->name);
      if (stream == asked_.streams.end())
        return wrong(
            where, ": " + shown(each->name) +
                       (where == "since" ? " is neither a symbol nor a stream" : " is no stream") +
                       " of this request");
      if (stream->second == asked_names::refused || !each->given())
        continue;
      const std::string of_stream = within(where, *each);
      if (each->kind != value_kind::object)
        return not_an_object(of_stream, each->kind, a_place);
      const auto place = place_of(of_stream, last_of_each(each->members));
      if (!place)
        return place.failure();
      if (count > 0)
        places_[first * asked_.served_streams + stream->second] = *place;
    }
    return std::nullopt;
  }

  bool names_streams(const members& all) const {
    const auto asked = [&](const request_node* each) {
      return asked_.streams.contains(each->name);
    };
    return std::any_of(all.begin(), all.end(), asked);
  }

  // The same for all streams of `count` symbols from `first` on.
  std::optional<error> read_place(const std::string& where, const members& all, std::size_t first,
                                  std::size_t count) {
    const auto place = place_of(where, all);
    if (!place)
      return place.failure();
    if (std::holds_alternative<stream_position>(place->what()) && asked_.streams.size() > 1)
      return wrong(where, ": a position is of one stream, and this request has " +
                              std::to_string(asked_.streams.size()) +
                              R"(: {"<stream>":{"epoch":E,"seq":N},...} for each, or {"time":ms})");
    const auto from = places_.begin() + static_cast<std::ptrdiff_t>(first * asked_.served_streams);
    std::fill_n(from, count * asked_.served_streams, *place);
    return std::nullopt;
  }

  const asked_names& asked_;
  std::vector<std::optional<since_point>> places_;
};

} // namespace

result<std::vector<std::optional<since_point>>> since_of(const request_node& since,
                                                         const asked_names& asked) {
  reader all(asked);
  if (auto failed = all.read(since))
    return *std::move(failed);
  return all.take();
}

} // namespace tradepulse::json
