#include <cstring>
#include <string>

#include "mock_cluster.hpp"

#include <gtest/gtest.h>

int main(int argc, char** argv) {
  using namespace tradepulse::kafka::testing;
  if (argc == 3 && std::strcmp(argv[1], mock_cluster_argument) == 0)
    return run_mock_cluster(std::stoi(argv[2]));
  if (argc == 2 && std::strcmp(argv[1], embedded_log_argument) == 0)
    return run_embedded_log();
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
