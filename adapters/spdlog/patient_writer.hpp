#pragma once

#include <cstdint>
#include <string_view>

namespace tradepulse::log {

// Writes lines to a descriptor that may be full, stuck or gone, and survives all of it: a line that
// does not fit is lost and counted, never waited for. A pipe whose reader stands still costs
// `patience_ms` once, and nothing until it moves again.
// Thread: one at a time, with SIGPIPE blocked or ignored.
class patient_writer {
 public:
  static constexpr int patience_ms = 200;

  // Owns the descriptor where `owned`.
  patient_writer(int descriptor, bool owned) noexcept : descriptor_(descriptor), owned_(owned) {}
  ~patient_writer();
  patient_writer(const patient_writer&) = delete;
  patient_writer& operator=(const patient_writer&) = delete;

  // Requires: `line` ends in a line feed. False where it was lost, wholly or from some byte on; the
  // next line then begins on a line of its own.
  bool write(std::string_view line) noexcept;

 private:
  bool write_all(std::string_view bytes) noexcept;
  bool wait_writable() noexcept;

  const int descriptor_;
  const bool owned_;
  bool stuck_ = false; // the last wait ended without room
  bool torn_ = false;  // half a line stands at the end
};

} // namespace tradepulse::log
