#include "runtime/config/hocon_resolver.hpp"

#include <algorithm>
#include <set>

#include "adapters/json/utf8.hpp"

// The half of the resolver that follows a substitution to what it names.
namespace tradepulse::config::hocon {

std::optional<value> resolver::substitute(const node& what) {
  std::size_t reports_before = reports_;
  std::optional<value> found;
  if (!what.prefix.empty()) { // first as seen from the included file, then from the whole
    path inner = what.prefix;
    inner.insert(inner.end(), what.reference.begin(), what.reference.end());
    found = look_up(inner, what);
  }
  if (!found && reports_ == reports_before)
    found = look_up(what.reference, what);
  if (!found && reports_ == reports_before)
    found = from_environment(what.reference, what);
  if (!found && !what.optional && reports_ == reports_before && !stopped_)
    report(what.where,
           "${" + to_string(what.reference) +
               (frame_at(what.reference)
                    ? "} refers to itself, and there is no earlier value to refer to"
                    : "}: neither a key that the configuration sets (defaults cannot be referred "
                      "to) nor an environment variable; ${?...} would make it optional"));
  return found;
}

std::optional<value> resolver::look_up(const path& name, const node& asker) {
  deeper one_more(depth_);
  if (spent(asker.where))
    return std::nullopt;
  layers definitions{layer{&root_, nullptr}};
  path at;
  bool looked_back_from_afar = false;
  std::optional<std::size_t> around;
  std::optional<value> result;
  for (std::size_t i = 0;; ++i) {
    if (std::optional<std::size_t> busy = frame_at(at)) {
      switch (leave_cycle(*busy)) {
      case way_out::none:
        report(asker.where, "${" + to_string(name) + "} leads back to itself");
        return std::nullopt;
      case way_out::around:
        // Only one busy definition at a time needs it: the outermost met first.
        if (!around) {
          around = busy;
          frames_[*busy].suspended = true;
        }
        break;
      case way_out::earlier_definitions:
        looked_back_from_afar = *busy + 1 != frames_.size();
        definitions.resize(std::min(definitions.size(), frames_[*busy].index));
        break;
      }
    }
    if (i == name.size()) {
      result = evaluate(definitions, at);
      break;
    }
    definitions = members(expand(definitions, at).objects, name[i]);
    if (definitions.empty() || stopped_)
      break;
    at.push_back(name[i]);
  }
  if (around)
    frames_[*around].suspended = false;
  if (!result && looked_back_from_afar && !stopped_)
    report(asker.where, "${" + to_string(name) + "} leads back to itself");
  return result;
}

std::optional<value> resolver::from_environment(const path& name, const node& asker) {
  std::string variable;
  for (const std::string& element : name)
    variable += (variable.empty() ? "" : ".") + element;
  std::optional<std::string> found = variables_ ? variables_(variable) : std::nullopt;
  if (!found)
    return std::nullopt;
  value result;
  result.kind = value::type::text;
  result.where = asker.where;
  result.where.variable = variable;
  if (json::find_bad_utf8(*found) != json::all_good) {
    report(result.where, "not UTF-8");
    return std::nullopt;
  }
  if (spent(asker.where, found->size()))
    return std::nullopt;
  result.text = std::move(*found);
  return result;
}

resolver::layers resolver::members(const layers& objects, const std::string& key) const {
  layers result;
  for (const layer& one : objects) {
    if (one.raw) {
      if (const field* f = one.raw->find(key))
        for (const node_ptr& definition : f->definitions)
          result.push_back({definition.get(), nullptr});
    } else if (auto found = one.done->fields.find(key); found != one.done->fields.end()) {
      // Shares the whole object, so that a long way down copies nothing.
      result.push_back({nullptr, std::shared_ptr<const value>(one.done, &found->second)});
    }
  }
  return result;
}

std::optional<std::size_t> resolver::frame_at(const path& at) const {
  for (std::size_t i = frames_.size(); i-- > 0;)
    if (!frames_[i].suspended && frames_[i].at == at)
      return i;
  return std::nullopt;
}

// The frames from `frame_index` to the last are the cycle. A substitution that stands in the very
// definition looks back at once, to nothing if need be. A longer cycle is opened at the one
// definition in it that has earlier ones; where there are two, the order would decide, so none.
resolver::way_out resolver::leave_cycle(std::size_t frame_index) const {
  if (frame_index + 1 == frames_.size())
    return way_out::earlier_definitions;
  std::set<path> openings;
  for (std::size_t i = frame_index; i < frames_.size(); ++i)
    if (frames_[i].index > 0 && !frames_[i].suspended)
      openings.insert(frames_[i].at);
  if (openings.size() != 1)
    return way_out::none;
  return *openings.begin() == frames_[frame_index].at ? way_out::earlier_definitions
                                                      : way_out::around;
}

} // namespace tradepulse::config::hocon
