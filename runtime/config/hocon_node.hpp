#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/config/hocon_path.hpp"
#include "runtime/config/origin.hpp"

// What the parser makes: values as they were written, substitutions not looked up yet.
namespace tradepulse::config::hocon {

struct node;
using node_ptr = std::unique_ptr<node>;

// One key of an object. A later definition hides the earlier ones, is merged with them (objects)
// or refers to them (`path = ${path} ":bin"`); which of it cannot be known before the
// substitutions are looked up, so all that may still matter are kept, oldest first.
struct field {
  std::string key;
  std::vector<node_ptr> definitions;
};

struct node {
  enum class type : std::uint8_t {
    null,
    text,         // strings, numbers and booleans: exactly as written
    array,        // children
    object,       // fields
    substitution, // reference, optional, prefix
    concat,       // children: parts that stand beside each other
    append,       // children: the one value behind `+=`
  };

  type kind = type::null;
  bool blank = false;    // text: unquoted white space between two parts of a concat
  bool optional = false; // substitution: ${?...}
  origin where;
  std::string text;
  path reference;
  path prefix; // where the file that holds the substitution was included
  std::vector<node_ptr> children;
  std::vector<field> fields;                             // in the order of their first definition
  std::map<std::string, std::size_t, std::less<>> index; // key -> fields

  node(type k, origin place) : kind(k), where(std::move(place)) {}
  const field* find(std::string_view key) const;
};

// Defines a key of an object, after what the object already says of it.
// Requires: object.kind is object. The depth of both is bounded by the parser.
void define(node& object, const std::string& key, node_ptr value);

// Defines every key of `from` in `into`, in order.
void define_all(node& into, node_ptr from);

} // namespace tradepulse::config::hocon
