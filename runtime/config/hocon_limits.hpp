#pragma once

#include <cstddef>

// A limit on everything a configuration file can ask for. Each is named in the error of whoever
// meets it, and in config/README.md.
namespace tradepulse::config::hocon {

inline constexpr std::size_t max_file_bytes = 1 << 20;
inline constexpr std::size_t max_depth = 64; // braces, brackets and dots of keys together
inline constexpr std::size_t max_include_depth = 16;
inline constexpr std::size_t max_values = 100'000; // of all files together
// Of the resolver: substitutions inside substitutions, and values made in all. They end what
// would double its size with every line (`a = ${b}${b}`, `b = ${c}${c}`, ...).
inline constexpr std::size_t max_resolve_depth = 256;
inline constexpr std::size_t max_resolve_work = 400'000;
inline constexpr std::size_t max_text_bytes = 1 << 20;

} // namespace tradepulse::config::hocon
