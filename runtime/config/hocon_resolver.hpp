#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/config/hocon_node.hpp"
#include "runtime/config/hocon_value.hpp"

namespace tradepulse::config {

// A variable's value, or nothing where it is not set.
using environment = std::function<std::optional<std::string>(const std::string& name)>;

namespace hocon {

// Looks up substitutions: in the configuration as it finally is, then in the environment. A
// substitution inside the definition of the very key it names sees the earlier definitions of that
// key; a cycle that no earlier definition breaks, or that two could break in different ways, is an
// error, as is a mandatory substitution that finds nothing.
//
// Nothing is cached: what a value is depends on what is being looked up around it. Depth and work
// are bounded instead (hocon_limits.hpp).
class resolver {
 public:
  resolver(const node& root, const environment& variables, diagnostics& faults);
  // The whole configuration; what could not be looked up is absent in it and told in `faults`.
  value resolve();

 private:
  // A definition as written, or a value that a substitution gave.
  struct layer {
    const node* raw = nullptr;
    std::shared_ptr<const value> done;
  };
  using layers = std::vector<layer>; // oldest first

  // What a key's definitions come to, without a look at the members of an object.
  struct shape {
    layers objects;              // to be merged; empty: see single
    std::optional<value> single; // null, text or array; nothing at all: not defined
  };

  // A definition whose value is being found.
  struct frame {
    path at;
    std::size_t index = 0; // into the definitions of `at`
    const node* raw = nullptr;
    bool suspended = false;
  };
  // One step deeper for as long as it lives.
  class deeper {
   public:
    explicit deeper(std::size_t& depth) : depth_(depth) { ++depth_; }
    ~deeper() { --depth_; }
    deeper(const deeper&) = delete;
    deeper& operator=(const deeper&) = delete;

   private:
    std::size_t& depth_;
  };
  enum class way_out : std::uint8_t { none, earlier_definitions, around };

  std::optional<value> evaluate(const layers& definitions, const path& at);
  shape expand(const layers& definitions, const path& at);
  shape expand_one(const layers& definitions, std::size_t index, const path& at);
  shape expand_node(const node& what, const layers& definitions, std::size_t index, const path& at);
  shape expand_parts(const node& concat, const layers& definitions, std::size_t index,
                     const path& at);
  shape expand_append(const node& what, const layers& earlier, const path& at);
  std::optional<value> substitute(const node& what);
  std::optional<value> look_up(const path& name, const node& asker);
  std::optional<value> from_environment(const path& name, const node& asker);
  layers members(const layers& objects, const std::string& key) const;
  value items(const node& array, const path& at);

  std::optional<std::size_t> frame_at(const path& at) const;
  way_out leave_cycle(std::size_t frame_index) const;
  void report(const origin& where, std::string why);
  bool spent(const origin& where, std::size_t bytes = 0);

  const node& root_;
  const environment& variables_;
  diagnostics& faults_;
  std::vector<frame> frames_;
  std::size_t depth_ = 0;
  std::size_t work_ = 0;
  std::size_t reports_ = 0;
  bool stopped_ = false;
};

} // namespace hocon
} // namespace tradepulse::config
