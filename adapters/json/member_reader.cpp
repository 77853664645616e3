#include "adapters/json/member_reader.hpp"

#include <algorithm>
#include <array>

#include "adapters/json/sax.hpp"
#include "adapters/json/utf8.hpp"
#include "protocol/expects.hpp"

namespace tradepulse::json {

struct member_reader::parser {
  sax_reader reader; // keeps its stack from text to text
  // Copies of values: RapidJSON shows them in a buffer that it reuses.
  std::array<std::string, max_members> top_texts;
  std::array<std::string, max_members> inner_texts;
};

// Follows the depth: members of the root stand at depth 1, those of the wanted object in it at 2.
class member_reader::visitor {
 public:
  explicit visitor(member_reader& owner) noexcept : owner_(owner) {}

  void key(std::string_view name) noexcept {
    current_ = nullptr;
    if (depth_ == 1 && owner_.root_ == value_kind::object)
      find(name, owner_.top_, owner_.top_size_, owner_.parser_->top_texts);
    else if (depth_ == 2 && in_wanted_object_)
      find(name, owner_.inner_, owner_.inner_size_, owner_.parser_->inner_texts);
  }
  void value(value_kind kind, std::string_view text) {
    if (depth_ == 0)
      owner_.root_ = kind;
    if (current_ == nullptr)
      return;
    current_->kind = kind;
    storage_->assign(text);
    current_->text = *storage_;
    current_ = nullptr;
  }
  void open(value_kind kind) noexcept {
    if (depth_ == 0)
      owner_.root_ = kind;
    if (current_ != nullptr) {
      current_->kind = kind;
      current_->text = {};
      in_wanted_object_ = depth_ == 1 && kind == value_kind::object &&
                          owner_.inner_of_ < max_members &&
                          current_ == &owner_.top_[owner_.inner_of_];
      if (in_wanted_object_)
        for (std::size_t i = 0; i < owner_.inner_size_; ++i) // a doubled object replaces the first
          owner_.inner_[i].kind = value_kind::absent;
      current_ = nullptr;
    }
    ++depth_;
  }
  void close() noexcept {
    current_ = nullptr;
    if (--depth_ == 1)
      in_wanted_object_ = false;
  }

 private:
  void find(std::string_view name, member* members, std::size_t size,
            std::array<std::string, max_members>& texts) noexcept {
    for (std::size_t i = 0; i < size; ++i)
      if (members[i].name == name) {
        current_ = &members[i];
        storage_ = &texts[i];
        return;
      }
  }

  member_reader& owner_;
  std::size_t depth_ = 0;
  bool in_wanted_object_ = false;
  member* current_ = nullptr; // the wanted member whose value comes next
  std::string* storage_ = nullptr;
};

member_reader::member_reader(std::span<const std::string_view> top, std::string_view inner_of,
                             std::span<const std::string_view> inner)
    : top_size_(top.size()), inner_size_(inner.size()), inner_of_(max_members),
      parser_(std::make_unique<parser>()) {
  TRADEPULSE_EXPECTS(top.size() <= max_members && inner.size() <= max_members);
  for (std::size_t i = 0; i < top.size(); ++i) {
    top_[i].name = top[i];
    if (!inner_of.empty() && top[i] == inner_of)
      inner_of_ = i;
  }
  for (std::size_t i = 0; i < inner.size(); ++i)
    inner_[i].name = inner[i];
  TRADEPULSE_EXPECTS(inner_of.empty() == (inner_of_ == max_members));
}

member_reader::~member_reader() = default;

void member_reader::reset() noexcept {
  root_ = value_kind::absent;
  for (std::size_t i = 0; i < top_size_; ++i)
    top_[i].kind = value_kind::absent;
  for (std::size_t i = 0; i < inner_size_; ++i)
    inner_[i].kind = value_kind::absent;
}

parse_fault member_reader::read(std::string_view json) {
  if (read_by_scanner(json))
    return {};
  return read_by_parser(json);
}

parse_fault member_reader::read_by_parser(std::string_view json) {
  reset();
  if (const std::size_t bad = find_bad_utf8(json); bad != all_good)
    return utf8_fault(json, bad);
  visitor events(*this);
  rapidjson::MemoryStream stream(json.data(), json.size());
  return parse(parser_->reader, stream, json, events, max_depth);
}

} // namespace tradepulse::json
