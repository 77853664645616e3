#include "adapters/prometheus/naming_rules.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

namespace tradepulse::metrics {
namespace {

// Units in another form than the base unit, as promtool names them, with their abbreviations.
constexpr std::array foreign_units{
    std::string_view{"milliseconds"}, std::string_view{"microseconds"},
    std::string_view{"nanoseconds"},  std::string_view{"minutes"},
    std::string_view{"hours"},        std::string_view{"days"},
    std::string_view{"ms"},           std::string_view{"us"},
    std::string_view{"ns"},           std::string_view{"kilobytes"},
    std::string_view{"megabytes"},    std::string_view{"gigabytes"},
    std::string_view{"kb"},           std::string_view{"mb"},
    std::string_view{"gb"},           std::string_view{"kib"},
    std::string_view{"mib"},          std::string_view{"gib"},
    std::string_view{"bits"},         std::string_view{"percent"}};

bool is_identifier(std::string_view text) {
  const auto letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  return !text.empty() && letter(text.front()) &&
         std::all_of(text.begin(), text.end(),
                     [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

bool has_word(std::string_view name, std::string_view word) {
  for (std::size_t from = 0; from <= name.size();) {
    const auto end = std::min(name.find('_', from), name.size());
    if (name.substr(from, end - from) == word)
      return true;
    from = end + 1;
  }
  return false;
}

class inspection {
 public:
  explicit inspection(const family& subject) : family_(subject) {}

  std::vector<std::string> run() {
    check_name();
    check_help();
    std::set<labels> seen;
    for (const auto& s : family_.samples) {
      check_labels(s);
      check_source(s);
      auto sorted = s.tags;
      std::sort(sorted.begin(), sorted.end());
      if (!seen.insert(std::move(sorted)).second)
        fault("two samples have the same labels");
    }
    return std::move(faults_);
  }

 private:
  void fault(const std::string& what) { faults_.push_back("metric " + family_.name + ": " + what); }

  void check_name() {
    const std::string_view name = family_.name;
    if (!is_identifier(name))
      fault("the name is not [a-zA-Z_][a-zA-Z0-9_]*");
    const bool total = name.ends_with("_total");
    if (total != (family_.kind == kind::counter))
      fault(total ? "only a counter ends in _total" : "a counter ends in _total");
    if (family_.kind == kind::histogram && !name.ends_with("_seconds"))
      fault("a latency histogram ends in _seconds");
    for (std::string_view suffix : {"_count", "_sum", "_bucket"})
      if (name.ends_with(suffix))
        fault("the ending " + std::string(suffix) + " is reserved for histograms");
    if (name.ends_with("_info") && family_.kind != kind::gauge)
      fault("an _info metric is a gauge");
    for (auto unit : foreign_units)
      if (has_word(name, unit))
        fault("the unit " + std::string(unit) + " is not a base unit (_seconds, _bytes, _ratio)");
  }

  void check_help() {
    if (family_.help.empty())
      fault("the help is empty");
    if (family_.help.find_first_of("\n\r\\") != std::string::npos)
      fault("the help has a line break or a backslash");
  }

  void check_labels(const sample& s) {
    std::set<std::string_view> names;
    for (const auto& [name, value] : s.tags) {
      if (!is_identifier(name) || name.starts_with("__"))
        fault("the label \"" + name + "\" is not [a-zA-Z_][a-zA-Z0-9_]*, or begins with __");
      if (name == "le" || name == "quantile")
        fault("the label " + name + " is reserved");
      if (!names.insert(name).second)
        fault("the label " + name + " stands twice");
    }
    if (&s == &family_.samples.front())
      label_names_.assign(names.begin(), names.end());
    else if (!std::equal(names.begin(), names.end(), label_names_.begin(), label_names_.end()))
      fault("its samples have different label names");
  }

  void check_source(const sample& s) {
    const int sources = (s.as_counter != nullptr) + (s.as_gauge != nullptr) +
                        (s.as_histogram != nullptr) + (s.as_function != nullptr);
    if (sources != 1) {
      fault("a sample has " + std::to_string(sources) + " sources instead of one");
      return;
    }
    const bool fits = s.as_counter     ? family_.kind == kind::counter
                      : s.as_gauge     ? family_.kind == kind::gauge
                      : s.as_histogram ? family_.kind == kind::histogram
                                       : family_.kind != kind::histogram;
    if (!fits)
      fault("a sample is of another kind than its family");
  }

  const family& family_;
  std::vector<std::string_view> label_names_;
  std::vector<std::string> faults_;
};

} // namespace

std::vector<std::string> naming_faults(const std::vector<family>& families) {
  std::vector<std::string> out;
  std::set<std::string_view> names;
  for (const auto& fam : families) {
    if (!names.insert(fam.name).second)
      out.push_back("metric " + fam.name + ": the name stands twice");
    auto faults = inspection(fam).run();
    out.insert(out.end(), std::make_move_iterator(faults.begin()),
               std::make_move_iterator(faults.end()));
  }
  return out;
}

} // namespace tradepulse::metrics
