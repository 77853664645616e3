#include "runtime/config/hocon_node.hpp"

namespace tradepulse::config::hocon {
namespace {

// What hides everything before it, whatever that was. An array counts although it may hold
// substitutions: only one that stands beside it could have looked back.
bool hides_the_past(const node& value) {
  return value.kind == node::type::null || value.kind == node::type::text ||
         value.kind == node::type::array;
}

} // namespace

const field* node::find(std::string_view key) const {
  auto found = index.find(key);
  return found == index.end() ? nullptr : &fields[found->second];
}

void define(node& object, const std::string& key, node_ptr value) {
  auto [place, fresh] = object.index.try_emplace(key, object.fields.size());
  if (fresh)
    object.fields.push_back({key, {}});
  auto& definitions = object.fields[place->second].definitions;
  if (hides_the_past(*value)) {
    definitions.clear();
  } else if (value->kind == node::type::object && !definitions.empty()) {
    node& last = *definitions.back();
    if (last.kind == node::type::object) {
      define_all(last, std::move(value));
      return;
    }
    if (hides_the_past(last))
      definitions.clear();
  }
  definitions.push_back(std::move(value));
}

void define_all(node& into, node_ptr from) {
  for (field& one : from->fields)
    for (node_ptr& value : one.definitions)
      define(into, one.key, std::move(value));
}

} // namespace tradepulse::config::hocon
