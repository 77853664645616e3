#include "runtime/config/hocon_parser.hpp"

#include <algorithm>

#include "runtime/config/hocon_limits.hpp"

// The half of the parser that reads what stands behind a key.
namespace tradepulse::config::hocon {

node_ptr parser::value(const path& at, std::size_t depth) {
  std::vector<node_ptr> parts;
  std::string blanks;
  origin blank_start;
  while (true) {
    switch (now_.kind) {
    case token::type::blank:
      blank_start = here();
      blanks += now_.text;
      step();
      continue;
    case token::type::newline:
    case token::type::comma:
    case token::type::close_brace:
    case token::type::close_bracket:
    case token::type::end:
      return parts.empty() ? nullptr : join(std::move(parts));
    case token::type::colon:
    case token::type::plus_equals:
      return fail_here("unexpected " + shown() + " in a value; put the value in quotes");
    default:
      break;
    }
    if (!parts.empty() && !blanks.empty()) {
      node_ptr between = make(node::type::text, blank_start);
      if (!between)
        return nullptr;
      between->text = blanks;
      between->blank = true;
      parts.push_back(std::move(between));
    }
    blanks.clear();
    node_ptr next = part(at, depth);
    if (!next)
      return nullptr;
    parts.push_back(std::move(next));
  }
}

node_ptr parser::part(const path& at, std::size_t depth) {
  switch (now_.kind) {
  case token::type::open_brace:
    return object(at, depth + 1);
  case token::type::open_bracket:
    return array(at, depth + 1);
  case token::type::substitution:
    return substitution();
  case token::type::quoted:
  case token::type::unquoted: {
    bool null = is(token::type::unquoted) && now_.text == "null";
    node_ptr result = make(null ? node::type::null : node::type::text, here());
    if (result)
      result->text = now_.text;
    step();
    return result;
  }
  default:
    return fail_here("expected a value, found " + shown());
  }
}

node_ptr parser::object(const path& at, std::size_t depth) {
  if (depth > max_depth)
    return fail_here(too_deep());
  node_ptr result = make(node::type::object, here());
  step();
  if (!result || !members(*result, at, depth, token::type::close_brace))
    return nullptr;
  step();
  return result;
}

node_ptr parser::array(const path& at, std::size_t depth) {
  if (depth > max_depth)
    return fail_here(too_deep());
  origin start = here();
  node_ptr result = make(node::type::array, start);
  if (!result)
    return nullptr;
  step();
  bool separated = true;
  bool comma_allowed = false;
  while (true) {
    separated = skip_to_next_line() || separated;
    if (is(token::type::close_bracket)) {
      step();
      return result;
    }
    if (is(token::type::comma)) {
      if (!comma_allowed)
        return fail_here("a comma without an element before it");
      separated = true;
      comma_allowed = false;
      step();
      continue;
    }
    if (is(token::type::end))
      return fail(start, "a \"[\" without its \"]\"");
    if (!separated)
      return fail_here("expected a comma or a new line before " + shown());
    node_ptr element = value(at, depth);
    if (!element)
      return fail_here("expected an element of an array, found " + shown());
    result->children.push_back(std::move(element));
    separated = false;
    comma_allowed = true;
  }
}

node_ptr parser::substitution() {
  node_ptr result = make(node::type::substitution, here());
  if (!result)
    return nullptr;
  result->optional = now_.optional;
  result->prefix = prefix_;
  step();
  std::optional<path> name = key({}, token::type::close_brace);
  if (!name)
    return nullptr;
  if (!is(token::type::close_brace))
    return fail_here("expected the \"}\" of ${" + to_string(*name) + "}, found " + shown());
  step();
  if (name->size() > max_depth)
    return fail(result->where, too_deep());
  result->reference = std::move(*name);
  return result;
}

// Parts that stand beside each other. What is text only is one text at once: it keeps the way it
// was written, `1.50 ms` does not become a number on its way.
node_ptr parser::join(std::vector<node_ptr> parts) {
  if (parts.size() == 1)
    return std::move(parts.front());
  auto plain = [](const node_ptr& p) {
    return p->kind == node::type::text || p->kind == node::type::null;
  };
  if (std::all_of(parts.begin(), parts.end(), plain)) {
    node_ptr whole = make(node::type::text, parts.front()->where);
    if (whole)
      for (const node_ptr& p : parts)
        whole->text += p->text;
    return whole;
  }
  node_ptr whole = make(node::type::concat, parts.front()->where);
  if (whole)
    whole->children = std::move(parts);
  return whole;
}

} // namespace tradepulse::config::hocon
