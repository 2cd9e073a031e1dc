# The benches are started by tests/bench/run.sh (their short forms by tests/run.sh); only their clients, the echo and the measure
# of signing are built here.
# zonebox_bench(NAME SOURCES... LIBS libraries...): a program of a bench
function(zonebox_bench name)
  cmake_parse_arguments(arg "" "" "LIBS" ${ARGN})
  add_executable(${name} ${arg_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE ${arg_LIBS})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
endfunction()

zonebox_bench(load bench/load.c bench/queries.c LIBS dns base)
zonebox_bench(load_tcp bench/load_tcp.c bench/queries.c LIBS dns base)
zonebox_bench(sized bench/sized.c bench/queries.c LIBS dns base)
zonebox_bench(visible bench/visible.c bench/queries.c LIBS test_support dns base)
zonebox_bench(echo bench/echo.c LIBS dns base PkgConfig::UV)
zonebox_bench(answers bench/answers.c bench/queries.c LIBS server dns base PkgConfig::LMDB)
target_link_options(answers PRIVATE -Wl,--wrap=mdb_env_set_mapsize)
# For the hand
zonebox_bench(bench_config bench/config.c LIBS config base)

find_package(Threads REQUIRED)
zonebox_bench(bare_sign bench/sign.c LIBS PkgConfig::CRYPTO Threads::Threads)
