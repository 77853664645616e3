#include "adapters/json/since_place.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string_view>
#include <unordered_set>

namespace tradepulse::json {
namespace {

// The whole numbers that every JSON reader keeps; so the next one is a number, too.
constexpr std::int64_t most_of_a_position = 9'007'199'254'740'991;

struct bounds {
  std::int64_t least;
  std::int64_t most;
  std::string_view unit;
};
constexpr bounds of_positions{0, most_of_a_position, "a whole number"};
constexpr bounds of_times{earliest_event_time.time_since_epoch().count(),
                          latest_event_time.time_since_epoch().count() - 1,
                          "whole milliseconds since 1970"};

error wrong(const std::string& where, std::string_view what) {
  return {errc::bad_request, where + std::string(what)};
}

bool given(const request_node* member) noexcept {
  return member != nullptr && member->given();
}

result<std::int64_t> whole(const std::string& where, const request_node* value, const bounds& in) {
  if (!given(value))
    return wrong(where, ": absent, and required");
  const auto refused = [&](const std::string& what) {
    return wrong(where, ": " + what + ", must be " + std::string(in.unit) + " of " +
                            std::to_string(in.least) + " to " + std::to_string(in.most));
  };
  if (value->kind != value_kind::number)
    return refused(std::string(to_string(value->kind)));
  std::int64_t out = -1;
  const char* end = value->text.data() + value->text.size();
  const auto read = std::from_chars(value->text.data(), end, out);
  if (read.ec != std::errc{} || read.ptr != end || out < in.least || out > in.most)
    return refused(shown(value->text));
  return out;
}

result<since_point> position_of(const std::string& where, const request_node* epoch_member,
                                const request_node* seq_member) {
  const auto of_epoch = whole(where + ".epoch", epoch_member, of_positions);
  if (!of_epoch)
    return of_epoch.failure();
  const auto seq = whole(where + ".seq", seq_member, of_positions);
  if (!seq)
    return seq.failure();
  if (*of_epoch == 0 && *seq > 0)
    return wrong(where, ": epoch 0 has no events, so its seq must be 0");
  return since_point{stream_position{epoch{*of_epoch}, sequence{*seq}}};
}

} // namespace

std::vector<const request_node*> last_of_each(const std::vector<request_node>& members) {
  std::vector<const request_node*> out;
  std::unordered_set<std::string_view> seen;
  for (auto member = members.rbegin(); member != members.rend(); ++member)
    if (seen.insert(member->name).second)
      out.push_back(&*member);
  std::reverse(out.begin(), out.end());
  return out;
}

bool names_a_place(const request_node& member) noexcept {
  return member.name == "epoch" || member.name == "seq" || member.name == "time";
}

result<since_point> place_of(const std::string& where,
                             std::span<const request_node* const> members) {
  const request_node* of_epoch = nullptr;
  const request_node* seq = nullptr;
  const request_node* time = nullptr;
  for (const request_node* each : members) {
    if (!names_a_place(*each))
      return wrong(where, ": member " + shown(each->name) +
                              R"( is not known, only "epoch" and "seq", or "time")");
    (each->name == "epoch" ? of_epoch : each->name == "seq" ? seq : time) = each;
  }
  if (!given(time))
    return position_of(where, of_epoch, seq);
  if (given(of_epoch) || given(seq))
    return wrong(where, R"(: "time" stands alone, without "epoch" and "seq")");
  const auto ms = whole(where + ".time", time, of_times);
  if (!ms)
    return ms.failure();
  return since_point{time_ms{std::chrono::milliseconds{*ms}}};
}

} // namespace tradepulse::json
