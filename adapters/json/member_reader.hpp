#pragma once

#include <array>
#include <cstddef>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "adapters/json/value_kind.hpp"

namespace tradepulse::json {

// A member that a decoder wants, and what the text had for it. `text` is the value of a string
// (unescaped) or of a number (as written); it lives until the next reading or the end of the JSON
// text it was read from.
struct member {
  std::string_view name;
  value_kind kind = value_kind::absent;
  std::string_view text{};
};

// What is wanted of one object: of the text itself, or of the object that is the value of the
// member `in` of an earlier one.
struct wanted_object {
  std::span<const std::string_view> names; // lives as long as the reader
  std::size_t of = 0;                      // the earlier one, in the order they are given
  std::string_view in{};                   // empty for the first, the text itself, and no other
};

// Reads wanted members of an object and of objects in it. A doubled member: the last one wins,
// wholly. Members that are not wanted are checked as JSON and ignored.
// Thread: one at a time (it keeps buffers).
class member_reader {
 public:
  static constexpr std::size_t max_depth = 32;
  static constexpr std::size_t max_members = 16; // of an object
  static constexpr std::size_t max_objects = 4;

  // Requires: at least one object, and no more of anything than the bounds above.
  explicit member_reader(std::initializer_list<wanted_object> objects);
  ~member_reader();
  member_reader(const member_reader&) = delete;
  member_reader& operator=(const member_reader&) = delete;

  // The scanner first, the parser where it declines.
  parse_fault read(std::string_view json);
  // By RapidJSON alone.
  parse_fault read_by_parser(std::string_view json);
  // The common shape only: ASCII, no escapes, no exponents, no arrays, no nested object but the
  // wanted ones. False for everything else, good or bad: then nothing is said about the text. What
  // it accepts, the parser accepts with the same members (a test holds the two against each other).
  bool read_by_scanner(std::string_view json);

  // The kind of the text itself; the members are those of an object.
  value_kind root() const noexcept { return root_; }
  // Of an object in the text they say something only where the member that it is the value of is
  // an object, and likewise further out.
  const member& at(std::size_t object, std::size_t index) const noexcept {
    return objects_[object].members[index];
  }
  // Of the text itself.
  const member& top(std::size_t index) const noexcept { return at(0, index); }

 private:
  class visitor;
  class scanner;
  struct parser;
  struct group {
    std::array<member, max_members> members;
    std::size_t size = 0;
    const member* value_of = nullptr; // none: the text itself

    void forget() noexcept {
      for (std::size_t i = 0; i < size; ++i)
        members[i].kind = value_kind::absent;
    }
  };

  // The wanted object that is this member's value; nullptr where there is none.
  group* object_in(const member& of) noexcept {
    for (std::size_t i = 1; i < size_; ++i)
      if (objects_[i].value_of == &of)
        return &objects_[i];
    return nullptr;
  }
  void reset() noexcept;

  value_kind root_ = value_kind::absent;
  std::array<group, max_objects> objects_;
  std::size_t size_;
  std::unique_ptr<parser> parser_;
};

} // namespace tradepulse::json
