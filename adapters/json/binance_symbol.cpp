#include "adapters/json/binance_symbol.hpp"

#include "adapters/json/sax.hpp"
#include "adapters/json/utf8.hpp"

namespace tradepulse::json {
namespace {

constexpr std::size_t max_depth = 32;

class symbol_visitor {
 public:
  explicit symbol_visitor(const rapidjson::MemoryStream& stream) : stream_(stream) {}

  void key(std::string_view name) {
    member_ = member::other;
    if (depth_ == 1 && in_object_) {
      if (name == "stream")
        found.has_stream = true;
      if (name == "data") {
        member_ = member::data;
        forget_symbol();
      }
    } else if (depth_ == 2 && in_data_ && name == "s") {
      member_ = member::symbol;
      forget_symbol();
    }
  }

  void value(value_kind kind, std::string_view text) {
    if (member_ == member::symbol && kind == value_kind::string) {
      found.text = text;
      found.end = stream_.Tell() - 1;
    }
    member_ = member::other;
  }

  void open(value_kind kind) {
    ++depth_;
    if (depth_ == 1)
      in_object_ = kind == value_kind::object;
    if (depth_ == 2)
      in_data_ = member_ == member::data && kind == value_kind::object;
    member_ = member::other;
  }

  void close() {
    --depth_;
    if (depth_ == 1)
      in_data_ = false;
  }

  binance_symbol found;

 private:
  enum class member : std::uint8_t { other, data, symbol };

  void forget_symbol() {
    found.text.clear();
    found.end = 0;
  }

  const rapidjson::MemoryStream& stream_;
  std::size_t depth_ = 0;
  bool in_object_ = false; // the whole text is an object
  bool in_data_ = false;
  member member_ = member::other; // whose value comes next
};

} // namespace

result<binance_symbol> find_binance_symbol(std::string_view frame) {
  if (const auto bad = find_bad_utf8(frame); bad != all_good)
    return error{errc::bad_utf8, utf8_fault(frame, bad).detail};
  rapidjson::MemoryStream stream(frame.data(), frame.size());
  symbol_visitor visitor(stream);
  sax_reader reader;
  if (auto fault = parse(reader, stream, frame, visitor, max_depth))
    return error{errc::bad_json, std::move(fault.detail)};
  return std::move(visitor.found);
}

} // namespace tradepulse::json
