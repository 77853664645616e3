#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tradepulse::web {

using header_list = std::vector<std::pair<std::string, std::string>>;

// Which web pages may use a listener.
class origin_policy {
 public:
  explicit origin_policy(std::vector<std::string> allowed);

  bool allows(std::string_view origin) const;
  // What an answer to `origin` carries; nothing where that is empty or not allowed.
  header_list answer_headers(std::string_view origin) const;
  // What the answer to a preflight carries beyond that.
  static header_list preflight_headers();

 private:
  std::vector<std::string> allowed_; // lower case
  bool any_ = false;
};

} // namespace tradepulse::web
