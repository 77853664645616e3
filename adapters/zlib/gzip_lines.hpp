#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/result.hpp"

namespace tradepulse {

// Reads a text file line by line, compressed by gzip (also several members one after the other) or
// plain: the first two bytes decide. Memory is bounded by the longest line.
// Thread: one at a time. Blocks: open() and next() on the disk.
class gzip_lines {
 public:
  static constexpr std::size_t default_longest_line_bytes = 16 * 1024 * 1024;

  // Errors: io, where the file cannot be opened or read, or is a folder.
  static result<gzip_lines> open(const std::string& path,
                                 std::size_t longest_line_bytes = default_longest_line_bytes);
  gzip_lines(gzip_lines&&) noexcept;
  gzip_lines& operator=(gzip_lines&&) noexcept;
  ~gzip_lines();

  // The next line without its line feed, the last one also where that is missing; nullopt at the
  // end. The view holds until the next call.
  // Errors: io (truncated, corrupt, unreadable), too_large (a line), each with file, line and byte.
  // What was read before an error is right; after one the same error comes again.
  result<std::optional<std::string_view>> next();

  // For progress, in bytes of the file as it lies there; total is 0 where it is not known (a pipe).
  std::uint64_t bytes_read() const noexcept;
  std::uint64_t total_bytes() const noexcept;
  // Of the line that next() returned last; from 1.
  std::uint64_t line_number() const noexcept;

 private:
  struct state;
  explicit gzip_lines(std::unique_ptr<state> s);

  std::unique_ptr<state> state_;
};

} // namespace tradepulse
