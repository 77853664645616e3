#include "runtime/config/hocon_files.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "adapters/json/utf8.hpp"
#include "runtime/config/hocon_limits.hpp"

namespace tradepulse::config::hocon {
namespace fs = std::filesystem;
namespace {

struct file_closer {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

struct contents {
  std::string text;
  std::string fault; // empty: read
};

contents read_all(const std::string& name) {
  contents result;
  std::error_code failure;
  if (fs::is_directory(name, failure)) {
    result.fault = "it is a directory";
    return result;
  }
  std::unique_ptr<std::FILE, file_closer> file(std::fopen(name.c_str(), "rb"));
  if (!file) {
    result.fault = std::strerror(errno);
    return result;
  }
  std::vector<char> block(64 * 1024);
  while (std::size_t got = std::fread(block.data(), 1, block.size(), file.get())) {
    result.text.append(block.data(), got);
    if (result.text.size() > max_file_bytes) {
      result.fault = "larger than " + std::to_string(max_file_bytes) + " bytes";
      return result;
    }
  }
  if (std::ferror(file.get()) != 0)
    result.fault = std::strerror(errno);
  return result;
}

origin place_of(const std::string& file) {
  origin where;
  where.from = origin::place::file;
  where.line = 1;
  where.column = 1;
  where.source = std::make_shared<const std::string>(file);
  return where;
}

// Line and column of a byte, for the one fault that the lexer cannot place itself.
origin place_in(origin where, std::string_view text, std::size_t at) {
  std::string_view before = text.substr(0, at);
  where.line = static_cast<std::uint32_t>(std::count(before.begin(), before.end(), '\n') + 1);
  std::string_view line = before.substr(before.rfind('\n') + 1);
  where.column = 1;
  for (char c : line)
    if ((static_cast<unsigned char>(c) & 0xC0) != 0x80)
      ++where.column;
  return where;
}

} // namespace

node_ptr file_reader::read(const std::string& file, diagnostics& faults) {
  std::optional<diagnostic> fault;
  node_ptr root = parse(file, {}, 0, fault);
  if (fault)
    faults.push_back(std::move(*fault));
  return root;
}

node_ptr file_reader::read_text(std::string_view text, const origin& source, diagnostics& faults) {
  parser one(text, source, {}, 0, *this);
  node_ptr root = one.document();
  if (!root)
    faults.push_back(one.fault());
  return root;
}

bool file_reader::set(node& root, const std::string& assignment, diagnostics& faults) {
  origin where;
  where.from = origin::place::command_line;
  where.line = 1;
  where.column = 1;
  std::size_t sign = assignment.find('=');
  std::string name = assignment.substr(0, sign);
  where.source = std::make_shared<const std::string>(name);
  if (json::find_bad_utf8(assignment) != json::all_good) {
    where.source = std::make_shared<const std::string>("...");
    faults.push_back({where, "not UTF-8"});
    return false;
  }
  if (sign == std::string::npos) {
    faults.push_back({where, "expected KEY=VALUE"});
    return false;
  }
  parser key_parser(name, where, {}, 0, *this);
  std::optional<path> key = key_parser.lone_key();
  if (!key || key->size() > max_depth) {
    faults.push_back(key ? diagnostic{where, "more elements than " + std::to_string(max_depth)}
                         : key_parser.fault());
    return false;
  }
  std::string_view text = std::string_view(assignment).substr(sign + 1);
  node_ptr value;
  if (text.starts_with('[') || text.starts_with('{') || text.starts_with('"') ||
      text.starts_with("${")) {
    parser value_parser(text, where, {}, key->size(), *this);
    value = value_parser.lone_value();
    if (!value) {
      faults.push_back(value_parser.fault());
      return false;
    }
  } else {
    value = std::make_unique<node>(text == "null" ? node::type::null : node::type::text, where);
    value->text = text;
  }
  for (std::size_t i = key->size() - 1; i > 0; --i) {
    node_ptr around = std::make_unique<node>(node::type::object, where);
    define(*around, (*key)[i], std::move(value));
    value = std::move(around);
  }
  define(root, key->front(), std::move(value));
  return true;
}

node_ptr file_reader::include(const include_statement& statement,
                              std::optional<diagnostic>& fault) {
  auto refuse = [&](std::string why) {
    fault = diagnostic{statement.where, std::move(why)};
    return nullptr;
  };
  if (statement.where.from != origin::place::file)
    return refuse("an include is possible in a file only");
  fs::path name(statement.name);
  if (name.is_relative())
    name = fs::path(*statement.where.source).parent_path() / name;
  std::string shown = name.lexically_normal().string();
  std::error_code ignored;
  if (!fs::exists(name, ignored)) {
    if (statement.required)
      return refuse("include \"" + statement.name + "\": there is no file " + shown);
    return nullptr;
  }
  if (open_.size() > max_include_depth)
    return refuse("include \"" + statement.name + "\": more than " +
                  std::to_string(max_include_depth) + " files deep");
  if (std::find(open_.begin(), open_.end(), fs::weakly_canonical(name, ignored)) != open_.end())
    return refuse("include \"" + statement.name + "\": " + shown + " includes itself");
  node_ptr result = parse(shown, statement.at, statement.depth, fault);
  if (fault && fault->where.line == 0) // the file itself could not be read
    fault->where = statement.where;
  return result;
}

node_ptr file_reader::parse(const std::string& file, const path& at, std::size_t depth,
                            std::optional<diagnostic>& fault) {
  origin where = place_of(file);
  contents read = read_all(file);
  if (!read.fault.empty()) {
    where.line = depth == 0 && open_.empty() ? 1 : 0;
    fault = diagnostic{where, "cannot read " + file + ": " + read.fault};
    return nullptr;
  }
  if (std::size_t bad = json::find_bad_utf8(read.text); bad != json::all_good) {
    fault = diagnostic{place_in(where, read.text, bad), "not UTF-8, or a NUL"};
    return nullptr;
  }
  std::error_code ignored;
  open_.push_back(fs::weakly_canonical(file, ignored));
  parser one(read.text, where, at, depth, *this);
  node_ptr result = one.document();
  if (!result)
    fault = one.fault();
  open_.pop_back();
  return result;
}

} // namespace tradepulse::config::hocon
