#include "adapters/json/member_reader.hpp"

#include <array>

#include "adapters/json/sax.hpp"
#include "adapters/json/utf8.hpp"
#include "protocol/expects.hpp"

namespace tradepulse::json {

struct member_reader::parser {
  sax_reader reader; // keeps its stack from text to text
  // Copies of values: RapidJSON shows them in a buffer that it reuses.
  std::array<std::array<std::string, max_members>, max_objects> texts;
};

// Follows the depth: the members of the root stand at depth 1.
class member_reader::visitor {
 public:
  explicit visitor(member_reader& owner) noexcept : owner_(owner) {}

  void key(std::string_view name) noexcept {
    current_ = nullptr;
    if (group* in = inside_[depth_])
      find(name, *in);
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
    group* opened = nullptr;
    if (depth_ == 0) {
      owner_.root_ = kind;
      if (kind == value_kind::object)
        opened = &owner_.objects_[0];
    } else if (current_ != nullptr) {
      current_->kind = kind;
      current_->text = {};
      if (kind == value_kind::object)
        opened = owner_.object_in(*current_);
      if (opened != nullptr)
        opened->forget(); // a doubled object replaces the first
      current_ = nullptr;
    }
    inside_[++depth_] = opened;
  }
  void close() noexcept {
    current_ = nullptr;
    --depth_;
  }

 private:
  void find(std::string_view name, group& in) noexcept {
    for (std::size_t i = 0; i < in.size; ++i)
      if (in.members[i].name == name) {
        current_ = &in.members[i];
        storage_ =
            &owner_.parser_->texts[static_cast<std::size_t>(&in - owner_.objects_.data())][i];
        return;
      }
  }

  member_reader& owner_;
  std::size_t depth_ = 0;
  std::array<group*, max_depth + 1> inside_{}; // the wanted object at each depth; of 0 none
  member* current_ = nullptr;                  // the wanted member whose value comes next
  std::string* storage_ = nullptr;
};

member_reader::member_reader(std::initializer_list<wanted_object> objects)
    : size_(objects.size()), parser_(std::make_unique<parser>()) {
  TRADEPULSE_EXPECTS(size_ >= 1 && size_ <= max_objects);
  for (std::size_t i = 0; i < size_; ++i) {
    const wanted_object& wanted = objects.begin()[i];
    TRADEPULSE_EXPECTS(wanted.names.size() <= max_members && wanted.in.empty() == (i == 0));
    group& made = objects_[i];
    made.size = wanted.names.size();
    for (std::size_t j = 0; j < made.size; ++j)
      made.members[j].name = wanted.names[j];
    if (i == 0)
      continue;
    TRADEPULSE_EXPECTS(wanted.of < i);
    for (const member& each : objects_[wanted.of].members)
      if (each.name == wanted.in)
        made.value_of = &each;
    TRADEPULSE_EXPECTS(made.value_of != nullptr);
  }
}

member_reader::~member_reader() = default;

void member_reader::reset() noexcept {
  root_ = value_kind::absent;
  for (std::size_t i = 0; i < size_; ++i)
    objects_[i].forget();
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
