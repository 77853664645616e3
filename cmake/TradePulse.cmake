# Targets of external libraries, compile options of our own code, and one function that
# makes a static library of each folder.

find_package(Threads REQUIRED)
find_package(spdlog REQUIRED)
find_package(prometheus-cpp REQUIRED)
find_package(CLI11 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(CAF REQUIRED)

find_path(RDKAFKA_INCLUDE_DIR librdkafka/rdkafka.h REQUIRED)
find_library(RDKAFKA_LIBRARY rdkafka REQUIRED)
add_library(RdKafka::rdkafka UNKNOWN IMPORTED)
set_target_properties(RdKafka::rdkafka PROPERTIES IMPORTED_LOCATION "${RDKAFKA_LIBRARY}"
                      INTERFACE_INCLUDE_DIRECTORIES "${RDKAFKA_INCLUDE_DIR}")

find_path(PQXX_INCLUDE_DIR pqxx/pqxx REQUIRED)
find_library(PQXX_LIBRARY pqxx REQUIRED)
find_library(PQ_LIBRARY pq REQUIRED)
find_path(PQ_INCLUDE_DIR libpq-fe.h PATH_SUFFIXES postgresql REQUIRED)
add_library(Pqxx::pqxx UNKNOWN IMPORTED)
set_target_properties(Pqxx::pqxx PROPERTIES IMPORTED_LOCATION "${PQXX_LIBRARY}"
                      INTERFACE_INCLUDE_DIRECTORIES "${PQXX_INCLUDE_DIR};${PQ_INCLUDE_DIR}"
                      INTERFACE_LINK_LIBRARIES "${PQ_LIBRARY}")

find_package(OpenSSL REQUIRED COMPONENTS Crypto)

# Not beside a sanitizer, which has an allocator of its own.
add_library(Jemalloc::jemalloc INTERFACE IMPORTED)
if(NOT TRADEPULSE_SANITIZE)
  find_path(JEMALLOC_INCLUDE_DIR jemalloc/jemalloc.h REQUIRED)
  find_library(JEMALLOC_LIBRARY jemalloc REQUIRED)
  set_target_properties(Jemalloc::jemalloc PROPERTIES
                        INTERFACE_INCLUDE_DIRECTORIES "${JEMALLOC_INCLUDE_DIR}"
                        INTERFACE_LINK_LIBRARIES "${JEMALLOC_LIBRARY}")
endif()

# Beast and Asio are header-only; 1.81 is the version the notes on them were written for.
find_path(BOOST181_INCLUDE_DIR boost/beast/version.hpp REQUIRED)
add_library(Boost::asio181 INTERFACE IMPORTED)
set_target_properties(Boost::asio181 PROPERTIES
                      INTERFACE_INCLUDE_DIRECTORIES "${BOOST181_INCLUDE_DIR}"
                      INTERFACE_LINK_LIBRARIES Threads::Threads)

add_library(tradepulse_options INTERFACE)
target_include_directories(tradepulse_options INTERFACE "${CMAKE_CURRENT_SOURCE_DIR}")
target_compile_options(tradepulse_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast
  -Woverloaded-virtual -Wnon-virtual-dtor -Werror -fno-omit-frame-pointer)
if(TRADEPULSE_SANITIZE)
  # CAF 0.17.6 binds a null reference for function-based actors: null is left out of UBSan.
  target_compile_options(tradepulse_options INTERFACE
    -fsanitize=address,undefined -fno-sanitize=null -fno-sanitize-recover=all)
  target_link_options(tradepulse_options INTERFACE -fsanitize=address,undefined)
  target_compile_definitions(tradepulse_options INTERFACE TRADEPULSE_HARD_ASSERTIONS)
endif()
if(TRADEPULSE_FUZZ)
  # Coverage for the fuzzer; g++ is the compiler whose warnings are errors.
  # RapidJSON 1.1.0 adds to a null pointer in an empty stack, which no compiler minds.
  target_compile_options(tradepulse_options INTERFACE
    -fsanitize=fuzzer-no-link -fno-sanitize=pointer-overflow -Wno-error)
endif()

# tradepulse_library(NAME FOLDER path [EXCLUDE files...] [LINK targets...]): every .cpp below FOLDER.
function(tradepulse_library name)
  cmake_parse_arguments(arg "" "FOLDER" "EXCLUDE;LINK" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS RELATIVE "${CMAKE_CURRENT_SOURCE_DIR}"
       "${CMAKE_CURRENT_SOURCE_DIR}/${arg_FOLDER}/*.cpp")
  if(arg_EXCLUDE)
    list(REMOVE_ITEM sources ${arg_EXCLUDE})
  endif()
  if(sources)
    add_library(tradepulse_${name} STATIC ${sources})
    target_link_libraries(tradepulse_${name} PUBLIC ${arg_LINK} PRIVATE tradepulse_options)
    target_include_directories(tradepulse_${name} PUBLIC "${CMAKE_CURRENT_SOURCE_DIR}")
  else()
    add_library(tradepulse_${name} INTERFACE)
    target_link_libraries(tradepulse_${name} INTERFACE ${arg_LINK})
  endif()
endfunction()
