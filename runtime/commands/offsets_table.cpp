#include "runtime/commands/offsets_table.hpp"

#include <algorithm>
#include <array>

namespace tradepulse {
namespace {

constexpr std::size_t columns = 11;
using row = std::array<std::string, columns>;

template <class Number>
std::string shown(const std::optional<Number>& number) {
  if constexpr (requires { number->value(); })
    return number ? std::to_string(number->value()) : "-";
  else
    return number ? std::to_string(*number) : "-";
}

row to_row(const offsets_line& line) {
  const auto& stored = line.stored;
  const auto& log = line.log;
  return {line.source.topic,
          std::to_string(line.source.partition),
          stored ? shown(stored->next) : "-",
          stored ? std::to_string(stored->gen.value()) : "-",
          stored && stored->owner ? *stored->owner : "-",
          stored ? std::to_string(stored->epoch_floor.value()) : "-",
          std::string(to_string(judge_digest(line))),
          log ? std::to_string(log->begin.value()) : "-",
          log ? std::to_string(log->end.value()) : "-",
          shown(lag_of(line)),
          stored && stored->updated_at ? to_iso8601(*stored->updated_at) : "-"};
}

// Numbers stand at the right of their column.
constexpr std::array<bool, columns> at_right{false, true, true, true, false, true,
                                             false, true, true, true, false};

} // namespace

std::string_view to_string(digest_state state) noexcept {
  constexpr std::array names{std::string_view{"none"},      std::string_view{"matches"},
                             std::string_view{"gone"},      std::string_view{"differs"},
                             std::string_view{"other-log"}, std::string_view{"missing"},
                             std::string_view{"unknown"}};
  return names[static_cast<std::size_t>(state)];
}

digest_state judge_digest(const offsets_line& line) noexcept {
  if (!line.stored || !line.stored->next)
    return digest_state::none;
  if (!line.log)
    return line.missing_in_log ? digest_state::missing : digest_state::unknown;
  const auto& stored = *line.stored;
  const bool other_cluster = !stored.cluster_id.empty() && !line.log->cluster_id.empty() &&
                             stored.cluster_id != line.log->cluster_id;
  if (other_cluster || line.log->end.value() < stored.next->value())
    return digest_state::other_log;
  if (!stored.last_applied)
    return digest_state::none;
  if (!line.log->digest)
    return digest_state::gone;
  return *line.log->digest == stored.last_applied->digest ? digest_state::matches
                                                          : digest_state::differs;
}

std::optional<std::int64_t> lag_of(const offsets_line& line) noexcept {
  if (!line.stored || !line.stored->next || !line.log)
    return std::nullopt;
  return line.log->end.value() - line.stored->next->value();
}

std::string offsets_table(const std::vector<offsets_line>& lines) {
  std::vector<row> rows{{"TOPIC", "PARTITION", "STORED", "GENERATION", "OWNER", "EPOCH-FLOOR",
                         "DIGEST", "LOG-START", "LOG-END", "LAG", "UPDATED"}};
  for (const auto& line : lines)
    rows.push_back(to_row(line));
  std::array<std::size_t, columns> widths{};
  for (const auto& r : rows)
    for (std::size_t c = 0; c < columns; ++c)
      widths[c] = std::max(widths[c], r[c].size());

  std::string out;
  for (const auto& r : rows) {
    for (std::size_t c = 0; c < columns; ++c) {
      const std::string padding(widths[c] - r[c].size(), ' ');
      out += c == 0 ? "" : "  ";
      if (at_right[c])
        out += padding + r[c];
      else
        out += c + 1 == columns ? r[c] : r[c] + padding;
    }
    out += '\n';
  }
  return out;
}

} // namespace tradepulse
