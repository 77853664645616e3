#include "runtime/config/hocon_parser.hpp"

#include <algorithm>

#include "runtime/config/hocon_limits.hpp"

namespace tradepulse::config::hocon {
namespace {

path below(path at, const path& more) {
  at.insert(at.end(), more.begin(), more.end());
  return at;
}

} // namespace

parser::parser(std::string_view text, origin source, path prefix, std::size_t depth,
               parse_context& context)
    : lexer_(text), source_(std::move(source)), prefix_(std::move(prefix)), depth_(depth),
      context_(context) {
  step();
}

node_ptr parser::document() {
  node_ptr root = make(node::type::object, here());
  if (!root)
    return nullptr;
  skip_to_next_line();
  if (is(token::type::open_bracket))
    return fail_here("a configuration is an object, not an array");
  if (!is(token::type::open_brace))
    return members(*root, prefix_, depth_, token::type::end) ? std::move(root) : nullptr;
  step();
  if (!members(*root, prefix_, depth_, token::type::close_brace))
    return nullptr;
  step();
  skip_to_next_line();
  if (!is(token::type::end))
    return fail_here("unexpected " + shown() + " behind the closing \"}\" of the whole file");
  return root;
}

node_ptr parser::lone_value() {
  node_ptr result = value({}, depth_);
  if (!result)
    return fail_here("a value is missing");
  if (!is(token::type::end))
    return fail_here("unexpected " + shown() + " behind the value");
  return result;
}

std::optional<path> parser::lone_key() {
  return key({}, token::type::end);
}

void parser::skip_blanks() {
  while (is(token::type::blank))
    step();
}

bool parser::skip_to_next_line() {
  bool newline = false;
  for (; is(token::type::blank) || is(token::type::newline); step())
    newline = newline || is(token::type::newline);
  return newline;
}

origin parser::here() const {
  origin where = source_;
  where.line = now_.line;
  where.column = now_.column;
  return where;
}

parser::failed parser::fail(const origin& where, std::string why) {
  if (!fault_) // a broken token is the cause of what its readers say
    fault_ = diagnostic{is(token::type::broken) ? here() : where,
                        is(token::type::broken) ? now_.text : std::move(why)};
  return {};
}

std::string parser::shown() const {
  switch (now_.kind) {
  case token::type::end:
    return "the end";
  case token::type::newline:
    return "the end of the line";
  case token::type::blank:
    return "white space";
  case token::type::comma:
    return "\",\"";
  case token::type::colon:
    return "\":\" or \"=\"";
  case token::type::plus_equals:
    return "\"+=\"";
  case token::type::open_brace:
    return "\"{\"";
  case token::type::close_brace:
    return "\"}\"";
  case token::type::open_bracket:
    return "\"[\"";
  case token::type::close_bracket:
    return "\"]\"";
  case token::type::substitution:
    return "\"${\"";
  case token::type::quoted: // may be a secret
    return "a text in quotes";
  default:
    return '"' + now_.text + '"';
  }
}

std::string parser::too_deep() {
  return "nested deeper than " + std::to_string(max_depth) + " levels";
}

node_ptr parser::make(node::type kind, const origin& where) {
  if (++context_.values > max_values)
    return fail(where, "more than " + std::to_string(max_values) + " values");
  return std::make_unique<node>(kind, where);
}

bool parser::members(node& into, const path& at, std::size_t depth, token::type close) {
  bool separated = true; // from the member before
  bool comma_allowed = false;
  while (true) {
    separated = skip_to_next_line() || separated;
    if (is(close))
      return true;
    if (is(token::type::comma)) {
      if (!comma_allowed)
        return fail_here("a comma without a member before it");
      separated = true;
      comma_allowed = false;
      step();
      continue;
    }
    if (is(token::type::end))
      return fail_here("the \"}\" of an object is missing");
    if (is(token::type::close_brace))
      return fail_here("a \"}\" without its \"{\"");
    if (!separated)
      return fail_here("expected a comma or a new line before " + shown());
    if (!member(into, at, depth))
      return false;
    separated = false;
    comma_allowed = true;
  }
}

bool parser::member(node& into, const path& at, std::size_t depth) {
  origin start = here();
  std::string first;
  if (is(token::type::unquoted) && now_.text == "include") {
    first = now_.text;
    step();
    std::string blanks;
    for (; is(token::type::blank); step())
      blanks += now_.text;
    bool function = is(token::type::unquoted) && now_.text.find('(') != std::string::npos;
    if (is(token::type::quoted) || function)
      return include(into, at, depth);
    first += blanks;
  }
  std::optional<path> name = key(std::move(first), token::type::colon);
  if (!name)
    return false;
  skip_to_next_line();
  bool append = is(token::type::plus_equals);
  if (append || is(token::type::colon))
    step();
  else if (!is(token::type::open_brace))
    return fail(start, "expected \"=\", \":\", \"+=\" or \"{\" behind the key " + to_string(*name));
  skip_to_next_line();
  if (depth + name->size() > max_depth)
    return fail(start, too_deep());
  origin value_start = here();
  node_ptr given = value(below(at, *name), depth + name->size() - 1);
  if (!given)
    return fail(value_start, "the key " + to_string(*name) + " has no value, found " + shown());
  if (append) {
    node_ptr wrapped = make(node::type::append, given->where);
    if (!wrapped)
      return false;
    wrapped->children.push_back(std::move(given));
    given = std::move(wrapped);
  }
  return assign(into, *name, std::move(given), depth);
}

bool parser::assign(node& into, const path& name, node_ptr given, std::size_t depth) {
  if (depth + name.size() > max_depth)
    return fail(given->where, too_deep());
  for (std::size_t i = name.size() - 1; i > 0; --i) { // a.b = 1 is a { b = 1 }
    node_ptr around = make(node::type::object, given->where);
    if (!around)
      return false;
    define(*around, name[i], std::move(given));
    given = std::move(around);
  }
  define(into, name.front(), std::move(given));
  return true;
}

bool parser::include(node& into, const path& at, std::size_t depth) {
  include_statement statement;
  statement.where = here();
  statement.at = at;
  statement.depth = depth;
  std::string opening;
  for (; is(token::type::unquoted) || is(token::type::blank); step())
    if (is(token::type::unquoted))
      opening += now_.text;
  if (opening.find("url(") != std::string::npos || opening.find("classpath(") != std::string::npos)
    return fail(statement.where, "only files can be included, not url(...) or classpath(...)");
  statement.required = opening.starts_with("required(");
  std::string inner = statement.required ? opening.substr(9) : opening;
  if (!is(token::type::quoted) || (!inner.empty() && inner != "file("))
    return fail(statement.where, "expected include \"FILE\", include file(\"FILE\"), "
                                 "include required(\"FILE\") or include required(file(\"FILE\"))");
  statement.name = now_.text;
  step();
  std::string closing;
  auto parentheses = std::count(opening.begin(), opening.end(), '(');
  for (; parentheses > 0 && (is(token::type::unquoted) || is(token::type::blank)); step())
    if (is(token::type::unquoted))
      closing += now_.text;
  if (closing != std::string(static_cast<std::size_t>(parentheses), ')'))
    return fail_here("expected " + std::to_string(parentheses) + " \")\" behind the file's name");
  std::optional<diagnostic> fault;
  node_ptr included = context_.include(statement, fault);
  if (fault) {
    fault_ = std::move(fault);
    return false;
  }
  if (included)
    define_all(into, std::move(included));
  return true;
}

std::optional<path> parser::key(std::string first, token::type close) {
  path result;
  std::string element = first;
  bool quoted = false;
  std::string blanks;
  origin start = here();
  auto finish = [&] {
    if (element.empty() && !quoted) {
      fail(start, "a key with an empty element; quote it if that is meant");
      return false;
    }
    result.push_back(std::move(element));
    element.clear();
    quoted = false;
    return true;
  };
  // The white space behind a leading `include` is the start of a key that goes on.
  if (std::size_t end = element.find_last_not_of(" \t"); end != std::string::npos) {
    blanks = element.substr(end + 1);
    element.resize(end + 1);
  }
  for (;; step()) {
    if (is(token::type::blank)) {
      blanks += now_.text;
    } else if (is(token::type::quoted)) {
      if (!element.empty() || quoted)
        element += blanks;
      blanks.clear();
      element += now_.text;
      quoted = true;
    } else if (is(token::type::unquoted)) {
      if ((!element.empty() || quoted) && now_.text.front() != '.')
        element += blanks;
      blanks.clear();
      for (char c : now_.text) {
        if (c != '.')
          element += c;
        else if (!finish())
          return std::nullopt;
      }
    } else {
      break;
    }
  }
  if (element.empty() && !quoted && result.empty()) {
    fail_here(close == token::type::close_brace
                  ? "expected a key between \"${\" and \"}\", found " + shown()
                  : "expected a key, found " + shown());
    return std::nullopt;
  }
  if (!finish())
    return std::nullopt;
  return result;
}

} // namespace tradepulse::config::hocon
