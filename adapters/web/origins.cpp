#include "adapters/web/origins.hpp"

#include <algorithm>

namespace tradepulse::web {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z')
      c = static_cast<char>(c - 'A' + 'a');
  return out;
}

} // namespace

origin_policy::origin_policy(std::vector<std::string> allowed) {
  for (const auto& origin : allowed) {
    any_ = any_ || origin == "*";
    allowed_.push_back(lower(origin));
  }
}

bool origin_policy::allows(std::string_view origin) const {
  return any_ || std::find(allowed_.begin(), allowed_.end(), lower(origin)) != allowed_.end();
}

header_list origin_policy::answer_headers(std::string_view origin) const {
  if (origin.empty())
    return {};
  header_list out;
  if (!any_)
    out.emplace_back("Vary", "Origin"); // also on a refusal: a cache must not mix the two
  if (allows(origin)) {
    out.emplace_back("Access-Control-Allow-Origin", any_ ? "*" : std::string(origin));
    out.emplace_back("Access-Control-Expose-Headers", "Retry-After, X-TradePulse-Position");
  }
  return out;
}

header_list origin_policy::preflight_headers() {
  return {{"Access-Control-Allow-Methods", "GET, HEAD, POST, OPTIONS"},
          {"Access-Control-Allow-Headers", "Authorization, Content-Type"},
          {"Access-Control-Max-Age", "600"}};
}

} // namespace tradepulse::web
