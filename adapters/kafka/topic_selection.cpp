#include "adapters/kafka/topic_selection.hpp"

#include <algorithm>
#include <cctype>

namespace tradepulse::kafka {
namespace {

constexpr std::size_t max_topic_size = 249; // Kafka's own limit

bool entry_matches(std::string_view entry, std::string_view topic) {
  return is_glob(entry) ? !topic.ends_with(dead_letter_suffix) && glob_matches(entry, topic)
                        : entry == topic;
}

bool allowed(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '_' || c == '-' ||
         c == '*';
}

} // namespace

bool is_glob(std::string_view entry) noexcept {
  return entry.find('*') != std::string_view::npos;
}

bool glob_matches(std::string_view glob, std::string_view text) noexcept {
  std::size_t g = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos; // the last `*`, and where its match may begin anew
  std::size_t retry = 0;
  while (t < text.size()) {
    if (g < glob.size() && glob[g] == '*') {
      star = g++;
      retry = t;
    } else if (g < glob.size() && glob[g] == text[t]) {
      ++g;
      ++t;
    } else if (star != std::string_view::npos) {
      g = star + 1;
      t = ++retry;
    } else {
      return false;
    }
  }
  return glob.find_first_not_of('*', g) == std::string_view::npos;
}

std::string glob_to_regex(std::string_view glob) {
  std::string regex = "^";
  for (char c : glob) {
    if (c == '*')
      regex += ".*";
    else if (c == '.')
      regex += "\\.";
    else
      regex += c;
  }
  return regex + "$";
}

result<topic_selection> topic_selection::parse(const std::vector<std::string>& names_and_globs) {
  if (names_and_globs.empty())
    return error{errc::configuration,
                 "kafka.topics is empty: at least one topic or glob is needed"};
  topic_selection made;
  for (const auto& entry : names_and_globs) {
    if (entry.empty() || entry.size() > max_topic_size ||
        !std::all_of(entry.begin(), entry.end(), allowed))
      return error{errc::configuration,
                   "kafka.topics: \"" + entry.substr(0, max_topic_size) +
                       "\": 1 to 249 characters of A-Za-z0-9._- and * are allowed"};
    if (std::find(made.entries_.begin(), made.entries_.end(), entry) == made.entries_.end())
      made.entries_.push_back(entry);
  }
  if (made.has_globs())
    for (const auto& entry : made.entries_)
      if (!is_glob(entry) && entry.ends_with(dead_letter_suffix))
        return error{errc::configuration,
                     "kafka.topics: \"" + entry +
                         "\" ends in .dead-letter, which cannot be read together "
                         "with a glob: list the other topics by name"};
  return made;
}

bool topic_selection::matches(std::string_view topic) const {
  return std::any_of(entries_.begin(), entries_.end(),
                     [topic](const auto& entry) { return entry_matches(entry, topic); });
}

std::vector<std::string> topic_selection::missing(const std::vector<std::string>& existing) const {
  std::vector<std::string> absent;
  for (const auto& entry : entries_)
    if (std::none_of(existing.begin(), existing.end(),
                     [&](const auto& topic) { return entry_matches(entry, topic); }))
      absent.push_back(entry);
  return absent;
}

std::vector<std::string> topic_selection::subscription() const {
  std::vector<std::string> list;
  for (const auto& entry : entries_) {
    if (is_glob(entry))
      list.push_back(glob_to_regex(entry));
    else if (std::none_of(entries_.begin(), entries_.end(), [&](const auto& other) {
               return is_glob(other) && entry_matches(other, entry);
             }))
      list.push_back(entry);
  }
  return list;
}

bool topic_selection::has_globs() const noexcept {
  return std::any_of(entries_.begin(), entries_.end(),
                     [](const auto& entry) { return is_glob(entry); });
}

} // namespace tradepulse::kafka
