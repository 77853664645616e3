#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "protocol/result.hpp"

namespace tradepulse::kafka {

// Where dead letters go: never matched by a glob.
inline constexpr std::string_view dead_letter_suffix = ".dead-letter";

// Which topics are meant by a list of names and globs (`*` stands for any characters, also none).
class topic_selection {
 public:
  // Errors: configuration, naming the entry of `kafka.topics`: empty, longer than 249 characters,
  // other characters than A-Za-z0-9._- (and `*`), or a name that ends in `.dead-letter` beside a
  // glob (the blacklist that guards globs would hide it).
  static result<topic_selection> parse(const std::vector<std::string>& names_and_globs);

  bool matches(std::string_view topic) const;
  // The entries, as written, that match none of the topics.
  std::vector<std::string> missing(const std::vector<std::string>& existing) const;
  // For rd_kafka_subscribe: names, and anchored regular expressions for globs. A name that a glob
  // covers is left out.
  std::vector<std::string> subscription() const;
  bool has_globs() const noexcept;

 private:
  std::vector<std::string> entries_;
};

bool is_glob(std::string_view entry) noexcept;
bool glob_matches(std::string_view glob, std::string_view text) noexcept;
// `market-data.*` -> `^market-data\..*$`
std::string glob_to_regex(std::string_view glob);

} // namespace tradepulse::kafka
