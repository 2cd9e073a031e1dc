# The bench is started by tests/bench/run.sh (its short forms by tests/run.sh); only its client and its measure of signing are
# built here.
# bench_config is for the hand.
add_executable(load bench/load.c)
target_link_libraries(load PRIVATE base)
set_target_properties(load PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)

add_executable(bench_config bench/config.c)
target_link_libraries(bench_config PRIVATE config base)
set_target_properties(bench_config PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)

add_executable(bare_sign bench/sign.c)
find_package(Threads REQUIRED)
target_link_libraries(bare_sign PRIVATE PkgConfig::CRYPTO Threads::Threads)
set_target_properties(bare_sign PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
