#include "adapters/json/member_reader.hpp"

// Most records are one flat object of short ASCII members, and most of the parser's time goes into
// generality that they do not need. This scanner takes that shape in one pass, without a copy, and
// declines whatever it is not sure of: the parser then reads the text from its beginning and is
// the only one to find fault with it.
namespace tradepulse::json {
namespace {

// A number has fewer digits than any that RapidJSON takes for too big.
constexpr std::size_t longest_number = 64;

class cursor {
 public:
  explicit cursor(std::string_view text) noexcept : at_(text.data()), end_(at_ + text.size()) {}

  bool at_end() const noexcept { return at_ == end_; }
  bool next_is(char c) const noexcept { return at_ != end_ && *at_ == c; }
  bool take(char c) noexcept {
    if (!next_is(c))
      return false;
    ++at_;
    return true;
  }
  void skip_white_space() noexcept {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t'))
      ++at_;
  }

  // A string of printable ASCII without escapes.
  bool take_string(std::string_view& out) noexcept {
    if (!take('"'))
      return false;
    const char* begin = at_;
    while (at_ != end_ && *at_ != '"') {
      if (*at_ < 0x20 || *at_ > 0x7e || *at_ == '\\') // a signed char above 0x7f is negative
        return false;
      ++at_;
    }
    out = {begin, static_cast<std::size_t>(at_ - begin)};
    return take('"');
  }

  // -? integer, fraction; no exponent.
  bool take_number(std::string_view& out) noexcept {
    const char* begin = at_;
    take('-');
    const char* integer = at_;
    if (!take_digits() || (*integer == '0' && at_ - integer > 1))
      return false;
    if (take('.') && !take_digits())
      return false;
    out = {begin, static_cast<std::size_t>(at_ - begin)};
    return out.size() <= longest_number && !next_is('e') && !next_is('E');
  }

  bool take_literal(std::string_view literal) noexcept {
    if (!std::string_view(at_, static_cast<std::size_t>(end_ - at_)).starts_with(literal))
      return false;
    at_ += literal.size();
    return true;
  }

  bool take_scalar(value_kind& kind, std::string_view& text) noexcept {
    if (next_is('"')) {
      kind = value_kind::string;
      return take_string(text);
    }
    if (take_literal("null")) {
      kind = value_kind::null;
      text = {};
      return true;
    }
    if (take_literal("true")) {
      kind = value_kind::boolean;
      text = "true";
      return true;
    }
    if (take_literal("false")) {
      kind = value_kind::boolean;
      text = "false";
      return true;
    }
    kind = value_kind::number;
    return take_number(text);
  }

 private:
  bool take_digits() noexcept {
    const char* begin = at_;
    while (at_ != end_ && *at_ >= '0' && *at_ <= '9')
      ++at_;
    return at_ != begin;
  }

  const char* at_;
  const char* end_;
};

// Members tend to come in the same order in every record: the search begins behind the one that
// was found last.
member* find(member* members, std::size_t size, std::size_t& expected,
             std::string_view name) noexcept {
  for (std::size_t tried = 0; tried < size; ++tried) {
    if (expected >= size)
      expected = 0;
    member& candidate = members[expected++];
    if (candidate.name == name)
      return &candidate;
  }
  return nullptr;
}

// Reads `{...}`. `nested` is called with the cursor in front of an object that is the value of the
// wanted member `nested_in`; every other nested value makes it decline.
template <class Nested>
bool take_object(cursor& at, member* members, std::size_t size, const member* nested_in,
                 Nested nested) noexcept {
  if (!at.take('{'))
    return false;
  at.skip_white_space();
  if (at.take('}'))
    return true;
  std::size_t expected = 0;
  for (;;) {
    std::string_view name;
    if (!at.take_string(name))
      return false;
    at.skip_white_space();
    if (!at.take(':'))
      return false;
    at.skip_white_space();
    member ignored;
    member* wanted = find(members, size, expected, name);
    member& target = wanted != nullptr ? *wanted : ignored;
    if (at.next_is('{')) {
      if (wanted == nullptr || wanted != nested_in || !nested(at))
        return false;
      target.kind = value_kind::object;
      target.text = {};
    } else if (!at.take_scalar(target.kind, target.text)) {
      return false;
    }
    at.skip_white_space();
    if (at.take('}'))
      return true;
    if (!at.take(','))
      return false;
    at.skip_white_space();
  }
}

} // namespace

bool member_reader::read_by_scanner(std::string_view json) {
  reset();
  cursor at(json);
  at.skip_white_space();
  const member* nested_in = inner_of_ < max_members ? &top_[inner_of_] : nullptr;
  const auto take_inner = [this](cursor& inside) noexcept {
    for (std::size_t i = 0; i < inner_size_; ++i) // a doubled object replaces the first
      inner_[i].kind = value_kind::absent;
    return take_object(inside, inner_, inner_size_, nullptr, [](cursor&) { return false; });
  };
  if (!take_object(at, top_, top_size_, nested_in, take_inner))
    return false;
  at.skip_white_space();
  root_ = value_kind::object;
  return at.at_end();
}

} // namespace tradepulse::json
