# Puts migrations/NNN_name.sql into the binary, so that it works from wherever it is installed.
#
#   tradepulse_embed_migrations(target folder)   defines tradepulse::embedded_migrations() in target
#   cmake -DFOLDER=... -DOUTPUT=... -P EmbedMigrations.cmake   writes the source (at build time)

if(CMAKE_SCRIPT_MODE_FILE)
  file(GLOB files "${FOLDER}/*.sql")
  list(SORT files)
  set(source "// Generated from migrations/*.sql. Do not edit.\n#include \"adapters/postgres/migration.hpp\"\n\n")
  string(APPEND source "namespace tradepulse {\n\nstd::vector<migration> embedded_migrations() {\n  return {\n")
  foreach(file IN LISTS files)
    get_filename_component(name "${file}" NAME)
    file(READ "${file}" text)
    # A raw string may not be longer than 64 KiB everywhere; ours are far below, and this says so.
    string(LENGTH "${text}" length)
    if(length GREATER 60000)
      message(FATAL_ERROR "${name}: ${length} characters, at most 60000 in one migration")
    endif()
    string(APPEND source "    {\"${name}\", R\"embedded_sql(${text})embedded_sql\"},\n")
  endforeach()
  string(APPEND source "  };\n}\n\n} // namespace tradepulse\n")
  file(WRITE "${OUTPUT}" "${source}")
  return()
endif()

set(TRADEPULSE_EMBED_SCRIPT "${CMAKE_CURRENT_LIST_FILE}")

function(tradepulse_embed_migrations target folder)
  get_filename_component(folder "${folder}" ABSOLUTE)
  file(GLOB files CONFIGURE_DEPENDS "${folder}/*.sql")
  set(output "${CMAKE_CURRENT_BINARY_DIR}/generated/embedded_migrations.cpp")
  add_custom_command(OUTPUT "${output}"
    COMMAND "${CMAKE_COMMAND}" "-DFOLDER=${folder}" "-DOUTPUT=${output}" -P "${TRADEPULSE_EMBED_SCRIPT}"
    DEPENDS ${files} "${TRADEPULSE_EMBED_SCRIPT}"
    COMMENT "Embedding the migrations" VERBATIM)
  target_sources(${target} PRIVATE "${output}")
endfunction()
