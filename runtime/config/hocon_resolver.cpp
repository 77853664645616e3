#include "runtime/config/hocon_resolver.hpp"

#include <algorithm>
#include <set>

#include "runtime/config/hocon_limits.hpp"

namespace tradepulse::config::hocon {
namespace {

value make(value::type kind, const origin& where, std::string text = {}) {
  value result;
  result.kind = kind;
  result.where = where;
  result.text = std::move(text);
  return result;
}

} // namespace

resolver::resolver(const node& root, const environment& variables, diagnostics& faults)
    : root_(root), variables_(variables), faults_(faults) {}

value resolver::resolve() {
  std::optional<value> result = evaluate({layer{&root_, nullptr}}, {});
  return result ? std::move(*result) : make(value::type::object, root_.where);
}

std::optional<value> resolver::evaluate(const layers& definitions, const path& at) {
  deeper one_more(depth_);
  shape found = expand(definitions, at);
  if (found.objects.empty())
    return std::move(found.single);
  if (found.objects.size() == 1 && found.objects.front().done) {
    if (spent(found.objects.front().done->where))
      return std::nullopt;
    return *found.objects.front().done;
  }
  const layer& newest = found.objects.back();
  value result = make(value::type::object, newest.raw ? newest.raw->where : newest.done->where);
  std::set<std::string> keys;
  for (const layer& one : found.objects) {
    if (one.raw)
      for (const field& f : one.raw->fields)
        keys.insert(f.key);
    else
      for (const auto& [key, ignored] : one.done->fields)
        keys.insert(key);
  }
  for (const std::string& key : keys) {
    path below = at;
    below.push_back(key);
    if (std::optional<value> member = evaluate(members(found.objects, key), below))
      result.fields.emplace(key, std::move(*member));
    if (stopped_)
      return std::nullopt;
  }
  return result;
}

resolver::shape resolver::expand(const layers& definitions, const path& at) {
  deeper one_more(depth_);
  shape result;
  for (std::size_t i = definitions.size(); i-- > 0;) {
    shape one = expand_one(definitions, i, at);
    if (stopped_)
      return {};
    if (!one.objects.empty()) {
      result.objects.insert(result.objects.begin(), one.objects.begin(), one.objects.end());
    } else if (one.single) { // hides, and is not merged with, what came before it
      if (result.objects.empty())
        result.single = std::move(one.single);
      return result;
    }
  }
  return result;
}

resolver::shape resolver::expand_one(const layers& definitions, std::size_t index, const path& at) {
  const layer& one = definitions[index];
  if (!one.raw) {
    if (one.done->kind == value::type::object)
      return {{one}, std::nullopt};
    return spent(one.done->where) ? shape{} : shape{{}, *one.done};
  }
  const node& what = *one.raw;
  if (spent(what.where))
    return {};
  // The definition itself is being looked up: only a definition in between can lead out.
  auto busy = std::find_if(frames_.rbegin(), frames_.rend(),
                           [&](const frame& f) { return f.raw == &what && !f.suspended; });
  std::size_t busy_index = frames_.size();
  if (busy != frames_.rend()) {
    busy_index = static_cast<std::size_t>(frames_.rend() - busy) - 1;
    if (leave_cycle(busy_index) != way_out::around) {
      report(what.where, to_string(at) + " is defined by itself");
      return {};
    }
    frames_[busy_index].suspended = true;
  }
  frames_.push_back({at, index, &what, false});
  shape result = expand_node(what, definitions, index, at);
  frames_.pop_back();
  if (busy_index < frames_.size())
    frames_[busy_index].suspended = false;
  return result;
}

resolver::shape resolver::expand_node(const node& what, const layers& definitions,
                                      std::size_t index, const path& at) {
  switch (what.kind) {
  case node::type::null:
    return {{}, make(value::type::null, what.where)};
  case node::type::text:
    return spent(what.where, what.text.size())
               ? shape{}
               : shape{{}, make(value::type::text, what.where, what.text)};
  case node::type::array:
    return {{}, items(what, at)};
  case node::type::object:
    return {{layer{&what, nullptr}}, std::nullopt};
  case node::type::substitution: {
    std::optional<value> found = substitute(what);
    if (found && found->kind == value::type::object)
      return {{layer{nullptr, std::make_shared<const value>(std::move(*found))}}, std::nullopt};
    return {{}, std::move(found)};
  }
  case node::type::concat:
    return expand_parts(what, definitions, index, at);
  case node::type::append:
    break;
  }
  auto end = definitions.begin() + static_cast<std::ptrdiff_t>(index);
  return expand_append(what, layers(definitions.begin(), end), at);
}

value resolver::items(const node& array, const path& at) {
  value result = make(value::type::array, array.where);
  for (std::size_t i = 0; i < array.children.size() && !stopped_; ++i) {
    path below = at;
    below.push_back(std::string(1, '\0') + std::to_string(i)); // a name that no key can have
    if (std::optional<value> item = evaluate({layer{array.children[i].get(), nullptr}}, below))
      result.items.push_back(std::move(*item));
  }
  return result;
}

resolver::shape resolver::expand_parts(const node& concat, const layers& definitions,
                                       std::size_t index, const path& at) {
  struct found_part {
    const node* written;
    shape what;
  };
  std::vector<found_part> parts;
  bool any_objects = false;
  bool any_arrays = false;
  bool any_texts = false;
  for (const node_ptr& part : concat.children) {
    shape one = expand_node(*part, definitions, index, at);
    if (stopped_)
      return {};
    bool blank = part->kind == node::type::text && part->blank;
    any_objects = any_objects || !one.objects.empty();
    bool array = one.single && one.single->kind == value::type::array;
    any_arrays = any_arrays || array;
    any_texts = any_texts || (one.single && !array && !blank);
    parts.push_back({part.get(), std::move(one)});
  }
  if (int{any_objects} + int{any_arrays} + int{any_texts} > 1) {
    report(concat.where, "an object, an array and a text cannot stand beside each other as the "
                         "value of " +
                             to_string(at));
    return {};
  }
  shape result;
  if (any_objects) {
    for (found_part& part : parts)
      result.objects.insert(result.objects.end(), part.what.objects.begin(),
                            part.what.objects.end());
  } else if (any_arrays) {
    result.single = make(value::type::array, concat.where);
    for (found_part& part : parts)
      if (part.what.single && part.what.single->kind == value::type::array)
        for (value& item : part.what.single->items)
          result.single->items.push_back(std::move(item));
  } else if (any_texts) {
    result.single = make(value::type::text, concat.where);
    for (found_part& part : parts) {
      if (!part.what.single)
        continue;
      bool null = part.what.single->kind == value::type::null;
      result.single->text += null ? "null" : part.what.single->text;
      if (result.single->where.variable.empty())
        result.single->where.variable = part.what.single->where.variable;
    }
    if (result.single->text.size() > max_text_bytes) {
      report(concat.where, "a text longer than " + std::to_string(max_text_bytes) + " bytes");
      stopped_ = true;
      return {};
    }
  }
  return result;
}

resolver::shape resolver::expand_append(const node& what, const layers& earlier, const path& at) {
  std::optional<value> before = evaluate(earlier, at);
  if (stopped_)
    return {};
  if (before && before->kind != value::type::array) {
    report(what.where, to_string(at) + " += needs an array before it, and finds " +
                           std::string(describe(before->kind)));
    return {};
  }
  value result = before ? std::move(*before) : make(value::type::array, what.where);
  result.where = what.where;
  path below = at;
  below.push_back(std::string(1, '\0') + "+");
  if (std::optional<value> item = evaluate({layer{what.children.front().get(), nullptr}}, below))
    result.items.push_back(std::move(*item));
  return {{}, std::move(result)};
}

void resolver::report(const origin& where, std::string why) {
  ++reports_;
  auto same = [&](const diagnostic& d) {
    return d.message == why && to_string(d.where) == to_string(where);
  };
  if (std::none_of(faults_.begin(), faults_.end(), same))
    faults_.push_back({where, std::move(why)});
}

bool resolver::spent(const origin& where, std::size_t bytes) {
  if (stopped_)
    return true;
  work_ += 1 + bytes / 64;
  if (work_ > max_resolve_work) {
    report(where, "substitutions make more than " + std::to_string(max_resolve_work) +
                      " values of this file");
    stopped_ = true;
  } else if (depth_ > max_resolve_depth) {
    report(where,
           "substitutions lead more than " + std::to_string(max_resolve_depth) + " steps deep");
    stopped_ = true;
  }
  return stopped_;
}

} // namespace tradepulse::config::hocon
