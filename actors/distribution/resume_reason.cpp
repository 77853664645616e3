#include "actors/distribution/resume_reason.hpp"

#include <variant>

namespace tradepulse {
namespace {

constexpr std::size_t max_reason_bytes = 123; // of a close frame, behind its code

// As in `since`.
std::string members_of(const since_point& at) {
  if (const auto* time = std::get_if<time_ms>(&at.what()))
    return R"("time":)" + std::to_string(time->time_since_epoch().count());
  const auto& position = std::get<stream_position>(at.what());
  return R"("epoch":)" + std::to_string(position.epoch.value()) + R"(,"seq":)" +
         std::to_string(position.seq.value());
}

} // namespace

std::string named(const stream_key& stream) {
  return stream.kind == stream_kind::price ? stream.symbol.str()
                                           : stream.symbol.str() + " " + name_of(stream.kind);
}

std::string resume_reason(const stream_key& stream, const since_point& reached) {
  std::string where = R"("symbol":")" + stream.symbol.str() + R"(",)";
  if (stream.kind != stream_kind::price)
    where += R"("stream":")" + name_of(stream.kind) + R"(",)";
  where += members_of(reached) + "}";
  std::string out = R"({"retry_after_ms":1000,)" + where;
  return out.size() <= max_reason_bytes ? out : "{" + where;
}

} // namespace tradepulse
