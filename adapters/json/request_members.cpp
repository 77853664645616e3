#include "adapters/json/request_members.hpp"

#include <algorithm>
#include <utility>

#include "adapters/json/sax.hpp"
#include "adapters/json/utf8.hpp"

namespace tradepulse::json {
namespace {

errc code_of(reject_reason reason) noexcept {
  switch (reason) {
  case reject_reason::bad_utf8:
    return errc::bad_utf8;
  case reject_reason::bad_number:
    return errc::bad_number;
  case reject_reason::out_of_range:
    return errc::out_of_range;
  case reject_reason::too_deep:
    return errc::bad_request;
  default:
    return errc::bad_json;
  }
}

class visitor {
 public:
  visitor(request_members& out, const rapidjson::MemoryStream& stream, std::string_view text,
          const request_limits& limits)
      : out_(out), stream_(stream), text_(text), limits_(limits) {}

  value_kind root() const noexcept { return root_; }

  void key(std::string_view name) {
    if (!inside_.empty())
      name_ = name;
    if (depth_ != 1)
      return;
    single_ = nullptr;
    list_ = nullptr;
    is_since_ = name == "since";
    is_id_ = name == "id";
    if (is_id_) {
      id_begin_ = stream_.Tell(); // behind the name
      return;
    }
    if (name == "timestamp" || is_since_)
      return;
    single_ = single_named(name);
    if (single_ != nullptr)
      return;
    list_ = list_named(name);
    if (list_ == nullptr)
      note_unknown(name);
  }

  void value(value_kind kind, std::string_view text) {
    if (!inside_.empty())
      add_node(kind, text);
    else if (depth_ == 0)
      root_ = kind;
    else if (depth_ == 1)
      member_is(kind, text);
    else if (depth_ == 2)
      add_item(kind, text);
  }

  void open(value_kind kind) {
    if (!inside_.empty())
      inside_.push_back(add_node(kind, {}));
    else if (depth_ == 0)
      root_ = kind;
    else if (depth_ == 1)
      member_is(kind, {});
    else if (depth_ == 2)
      add_item(kind, {});
    if (depth_ == 1 && is_since_ && limits_.with_since)
      inside_.push_back(&out_.since);
    ++depth_;
  }

  void close() noexcept {
    --depth_;
    if (!inside_.empty())
      inside_.pop_back();
  }

 private:
  request_value* single_named(std::string_view name) noexcept {
    if (name == "type")
      return &out_.type;
    if (name == "symbol")
      return &out_.symbol;
    if (name == "delivery")
      return &out_.delivery;
    if (name == "method")
      return &out_.method;
    if (name == "action")
      return &out_.action;
    return nullptr;
  }

  request_list* list_named(std::string_view name) noexcept {
    if (name == "symbols")
      return &out_.symbols;
    return name == "streams" ? &out_.streams : nullptr;
  }

  // A value within `since`. The node stays where it is until its own value has ended: only then
  // its neighbours may move it.
  request_node* add_node(value_kind kind, std::string_view text) {
    request_node* within = inside_.back();
    if (within == nullptr || within->kind != value_kind::object)
      return nullptr;
    return &within->members.emplace_back(request_node{name_, kind, std::string(text), {}});
  }

  void note_unknown(std::string_view name) {
    if (out_.unknown_count++ < request_members::max_unknown)
      out_.unknown.emplace_back(name);
  }

  void member_is(value_kind kind, std::string_view text) {
    if (is_id_)
      take_id(kind);
    if (single_ == &out_.symbol)
      out_.symbols_before_symbol = out_.symbols.given();
    if (single_ != nullptr)
      *single_ = {kind, std::string(text)};
    if (list_ != nullptr)
      *list_ = {kind, {}, 0};
    if (is_since_)
      out_.since = {{}, kind, std::string(text), {}};
  }

  // The text between the name's end and here, less the colon and white space.
  void take_id(value_kind kind) {
    std::string_view json = text_.substr(id_begin_, stream_.Tell() - id_begin_);
    json.remove_prefix(std::min(json.find_first_not_of(": \t\r\n"), json.size()));
    out_.id_kind = kind;
    out_.id_json.assign(json);
  }

  void add_item(value_kind kind, std::string_view text) {
    if (list_ == nullptr || list_->kind != value_kind::array)
      return;
    if (list_->size++ < limits_.max_items)
      list_->items.push_back({kind, std::string(text)});
  }

  request_members& out_;
  const rapidjson::MemoryStream& stream_;
  std::string_view text_;
  const request_limits& limits_;
  value_kind root_ = value_kind::absent;
  std::size_t depth_ = 0;
  std::size_t id_begin_ = 0;
  bool is_id_ = false;
  request_value* single_ = nullptr; // the member at depth 1 that is being read
  request_list* list_ = nullptr;
  bool is_since_ = false;
  // Within `since`: the nodes from it inwards, nullptr for what is not kept; else empty.
  std::vector<request_node*> inside_;
  std::string name_; // of the member whose value comes next
};

} // namespace

result<request_members> read_request(std::string_view text, const request_limits& limits) {
  if (text.size() > limits.max_bytes)
    return error{errc::too_large, "message: " + std::to_string(text.size()) + " bytes, at most " +
                                      std::to_string(limits.max_bytes)};
  if (const std::size_t bad = find_bad_utf8(text); bad != all_good)
    return error{errc::bad_utf8, utf8_fault(text, bad).detail};
  request_members out;
  sax_reader reader;
  rapidjson::MemoryStream stream(text.data(), text.size());
  visitor events(out, stream, text, limits);
  if (parse_fault fault = parse(reader, stream, text, events, limits.max_depth))
    return error{code_of(*fault.reason), std::move(fault.detail)};
  if (events.root() != value_kind::object)
    return error{errc::bad_request,
                 "message: " + std::string(to_string(events.root())) + ", must be an object"};
  return out;
}

} // namespace tradepulse::json
