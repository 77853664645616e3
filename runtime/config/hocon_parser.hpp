#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/config/hocon_lexer.hpp"
#include "runtime/config/hocon_node.hpp"

namespace tradepulse::config::hocon {

// `include "x"` and its relatives, as written.
struct include_statement {
  std::string name;
  bool required = false;
  origin where;
  path at;               // the object the statement stands in
  std::size_t depth = 0; // of that object
};

// What files share while they are parsed into one document.
struct parse_context {
  // Gives the object of an included file (nullptr: there is none and need not be) or the fault.
  virtual node_ptr include(const include_statement& statement,
                           std::optional<diagnostic>& fault) = 0;
  std::size_t values = 0;

 protected:
  ~parse_context() = default;
};

// One file or one text -> one object. Stops at the first fault: what follows it would be guesses.
class parser {
 public:
  // `source` gives place and name of every value; `prefix` is where the file is included.
  parser(std::string_view text, origin source, path prefix, std::size_t depth,
         parse_context& context);

  // The object, or nullptr and fault().
  node_ptr document();
  // A value alone, as behind `--set key=`.
  node_ptr lone_value();
  // A key alone, as before the '=' of a --set.
  std::optional<path> lone_key();
  const diagnostic& fault() const { return *fault_; }

 private:
  bool is(token::type kind) const { return now_.kind == kind; }
  void step() { now_ = lexer_.next(); }
  void skip_blanks();
  bool skip_to_next_line(); // blanks and newlines; whether there was a newline
  origin here() const;
  // What every function here returns after a fault.
  struct failed {
    operator bool() const { return false; }
    operator node_ptr() const { return nullptr; }
  };
  failed fail(const origin& where, std::string why);
  failed fail_here(std::string why) { return fail(here(), std::move(why)); }
  std::string shown() const;
  static std::string too_deep();
  node_ptr make(node::type kind, const origin& where);

  bool members(node& object, const path& at, std::size_t depth, token::type close);
  bool member(node& object, const path& at, std::size_t depth);
  bool include(node& object, const path& at, std::size_t depth);
  bool assign(node& object, const path& key, node_ptr value, std::size_t depth);
  std::optional<path> key(std::string first, token::type close);
  node_ptr value(const path& at, std::size_t depth);
  node_ptr part(const path& at, std::size_t depth);
  node_ptr object(const path& at, std::size_t depth);
  node_ptr array(const path& at, std::size_t depth);
  node_ptr substitution();
  node_ptr join(std::vector<node_ptr> parts);

  lexer lexer_;
  token now_;
  origin source_;
  path prefix_;
  std::size_t depth_;
  parse_context& context_;
  std::optional<diagnostic> fault_;
};

} // namespace tradepulse::config::hocon
