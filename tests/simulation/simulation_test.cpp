#include <chrono>
#include <cstdlib>
#include <deque>
#include <iostream>
#include <string>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <gtest/gtest.h>

#include "tests/simulation/world.hpp"

// The deterministic simulation: one line of execution, everything chosen by a seed.
//   TRADEPULSE_SIMULATION_SEEDS  how many seeds (1,000)
//   TRADEPULSE_SIMULATION_SEED   the first one (1); alone: this one, and what happened is printed
namespace tradepulse::simulation {
namespace {

struct addresses_only : caf::actor_system_config {
  addresses_only() { set("scheduler.policy", caf::atom("testing")); }
};

std::uint64_t number_of(const char* name, std::uint64_t usual) {
  const char* given = std::getenv(name);
  return given ? std::strtoull(given, nullptr, 10) : usual;
}

#ifdef __SANITIZE_ADDRESS__
constexpr std::uint64_t usual_seeds = 150;
#else
constexpr std::uint64_t usual_seeds = 1'000;
#endif

struct Simulation : testing::Test {
  report run(std::uint64_t seed, std::function<void(std::string_view)> look = {}) {
    try {
      return world(system, seed).run(std::move(look));
    } catch (const std::exception& thrown) {
      report out;
      out.failure = std::string("an exception: ") + thrown.what();
      return out;
    }
  }
  addresses_only config;
  caf::actor_system system{config};
};

TEST_F(Simulation, HoldsWhateverTheSeed) {
  const bool one = std::getenv("TRADEPULSE_SIMULATION_SEED") != nullptr &&
                   std::getenv("TRADEPULSE_SIMULATION_SEEDS") == nullptr;
  const auto first = number_of("TRADEPULSE_SIMULATION_SEED", 1);
  const auto count = one ? 1 : number_of("TRADEPULSE_SIMULATION_SEEDS", usual_seeds);
  report all;
  const auto started = std::chrono::steady_clock::now();
  for (auto seed = first; seed < first + count; ++seed) {
    const auto found = run(seed);
    all.steps += found.steps;
    all.records += found.records;
    all.commits += found.commits;
    all.crashes += found.crashes;
    all.faults += found.faults;
    if (found.failure.empty() && !one)
      continue;
    std::deque<std::string> last;
    run(seed, [&](std::string_view line) {
      last.emplace_back(line);
      if (last.size() > (one ? 100'000 : 40))
        last.pop_front();
    });
    for (const auto& line : last)
      std::cout << "  " << line << '\n';
    if (found.failure.empty())
      continue;
    FAIL() << "seed " << seed << ": " << found.failure
           << "\nThe same again: scripts/test simulation --seed " << seed;
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - started;
  std::cout << count << " seeds from " << first << ": " << all.steps << " steps, " << all.records
            << " records, " << all.commits << " commits, " << all.faults << " faults, "
            << all.crashes << " of them crashes, " << took.count() << " s\n";
  if (count >= 100) { // else chance may have spared them
    EXPECT_GT(all.commits, 0U);
    EXPECT_GT(all.crashes, 0U);
  }
}

TEST_F(Simulation, RepeatsASeedExactly) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const auto once = run(seed);
    const auto again = run(seed);
    EXPECT_EQ(once.trace, again.trace) << seed;
    EXPECT_EQ(once.steps, again.steps) << seed;
  }
}

TEST_F(Simulation, DiffersFromSeedToSeed) {
  EXPECT_NE(run(1).trace, run(2).trace);
}

} // namespace
} // namespace tradepulse::simulation
