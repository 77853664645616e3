#include "adapters/zlib/gzip_lines.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>
#include <vector>

#include <zlib.h>

namespace tradepulse {
namespace {

constexpr std::size_t chunk_bytes = 128 * 1024;
constexpr int gzip_window_bits = 15 + 16; // gzip form only, no zlib form

} // namespace

// inflate() is used directly and not gzread(): that one takes a file cut off within its first bytes
// for plain text, and garbage behind a member for the end.
struct gzip_lines::state {
  enum class form { plain, inside_member, between_members };

  state(std::string file_path, int file_descriptor, std::size_t longest)
      : path(std::move(file_path)), descriptor(file_descriptor), longest_line(longest),
        input(chunk_bytes) {}
  ~state() {
    if (inflating)
      inflateEnd(&stream);
    ::close(descriptor);
  }
  state(const state&) = delete;
  state& operator=(const state&) = delete;

  error failed(errc code, const std::string& what) {
    fault = error{code, "\"" + path + "\", line " + std::to_string(line + 1) + ", byte " +
                            std::to_string(consumed()) + ": " + what};
    return *fault;
  }

  // Bytes of the file that were taken out of `input`.
  std::uint64_t consumed() const noexcept { return file_bytes - (input_end - input_begin); }

  // Requires: `input` is used up. False at the end of the file.
  result<bool> fill_input() {
    ssize_t n = 0;
    do
      n = ::read(descriptor, input.data(), input.size());
    while (n < 0 && errno == EINTR);
    if (n < 0)
      return failed(errc::io, std::generic_category().message(errno));
    input_begin = 0;
    input_end = static_cast<std::size_t>(n);
    file_bytes += input_end;
    return n > 0;
  }

  result<void> begin_member() {
    const int status = inflating ? inflateReset(&stream) : inflateInit2(&stream, gzip_window_bits);
    if (status != Z_OK)
      return failed(errc::io, "zlib has no memory");
    inflating = true;
    now = form::inside_member;
    return {};
  }

  // Appends more text; false at the end of the file.
  result<bool> read_more() {
    if (input_begin == input_end) {
      auto more = fill_input();
      if (!more)
        return more.failure();
      if (!*more) {
        if (now == form::inside_member)
          return failed(errc::io, "truncated: the file ends within its compressed data");
        return false;
      }
    }
    if (now == form::plain) {
      text.append(input.data() + input_begin, input_end - input_begin);
      input_begin = input_end;
      return true;
    }
    if (now == form::between_members) {
      // Zeros pad a member to a block (tapes, some uploads); anything else must be a member.
      while (input_begin < input_end && input[input_begin] == '\0')
        ++input_begin;
      if (input_begin == input_end)
        return true;
      if (auto begun = begin_member(); !begun)
        return begun.failure();
    }
    return inflate_some();
  }

  result<bool> inflate_some() {
    const auto before = text.size();
    text.resize(before + chunk_bytes);
    stream.next_in = reinterpret_cast<Bytef*>(input.data() + input_begin);
    stream.avail_in = static_cast<uInt>(input_end - input_begin);
    stream.next_out = reinterpret_cast<Bytef*>(text.data() + before);
    stream.avail_out = static_cast<uInt>(chunk_bytes);
    const int status = inflate(&stream, Z_NO_FLUSH);
    input_begin = input_end - stream.avail_in;
    text.resize(before + chunk_bytes - stream.avail_out);
    if (status == Z_STREAM_END)
      now = form::between_members;
    else if (status != Z_OK && status != Z_BUF_ERROR)
      return failed(errc::io,
                    std::string("corrupt: ") + (stream.msg ? stream.msg : "no gzip data"));
    return true;
  }

  result<std::optional<std::string_view>> next() {
    if (fault)
      return *fault;
    for (std::size_t searched = line_begin;;) {
      const auto feed = text.find('\n', searched);
      const auto length = (feed == std::string::npos ? text.size() : feed) - line_begin;
      if (length > longest_line)
        return failed(errc::too_large,
                      "a line of more than " + std::to_string(longest_line) + " bytes");
      if (feed != std::string::npos)
        return take(length, feed + 1);
      text.erase(0, std::exchange(line_begin, 0)); // once a chunk, not once a line
      searched = text.size();
      auto more = read_more();
      if (!more)
        return more.failure();
      if (!*more)
        break;
    }
    if (text.empty())
      return std::optional<std::string_view>{};
    return take(text.size(), text.size());
  }

  std::optional<std::string_view> take(std::size_t length, std::size_t next_begin) {
    ++line;
    return std::string_view(text).substr(std::exchange(line_begin, next_begin), length);
  }

  const std::string path;
  const int descriptor;
  const std::size_t longest_line;
  std::uint64_t total = 0;
  form now = form::plain;
  bool inflating = false; // `stream` is initialised
  z_stream stream{};
  std::vector<char> input;
  std::size_t input_begin = 0;
  std::size_t input_end = 0;
  std::uint64_t file_bytes = 0; // read from the file so far
  std::string text;             // inflated; lines before `line_begin` were returned
  std::size_t line_begin = 0;   // of the next line
  std::uint64_t line = 0;
  std::optional<error> fault;
};

result<gzip_lines> gzip_lines::open(const std::string& path, std::size_t longest_line_bytes) {
  const auto failed = [&](const std::string& what) {
    return error{errc::io, "\"" + path + "\": " + what};
  };
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0)
    return failed(std::generic_category().message(errno));
  auto made = std::make_unique<state>(path, descriptor, longest_line_bytes);
  struct stat about {};
  if (::fstat(descriptor, &about) != 0)
    return failed(std::generic_category().message(errno));
  if (S_ISDIR(about.st_mode))
    return failed("is a folder");
  if (S_ISREG(about.st_mode))
    made->total = static_cast<std::uint64_t>(about.st_size);
  if (auto filled = made->fill_input(); !filled)
    return filled.failure();
  // One byte of the magic number is enough: a file cut off behind it is no text either.
  if (made->input_end > 0 && made->input[0] == '\x1f' &&
      (made->input_end == 1 || made->input[1] == '\x8b'))
    if (auto begun = made->begin_member(); !begun)
      return begun.failure();
  return gzip_lines(std::move(made));
}

gzip_lines::gzip_lines(std::unique_ptr<state> s) : state_(std::move(s)) {}
gzip_lines::gzip_lines(gzip_lines&&) noexcept = default;
gzip_lines& gzip_lines::operator=(gzip_lines&&) noexcept = default;
gzip_lines::~gzip_lines() = default;

result<std::optional<std::string_view>> gzip_lines::next() {
  return state_->next();
}
std::uint64_t gzip_lines::bytes_read() const noexcept {
  return state_->consumed();
}
std::uint64_t gzip_lines::total_bytes() const noexcept {
  return state_->total;
}
std::uint64_t gzip_lines::line_number() const noexcept {
  return state_->line;
}

} // namespace tradepulse
