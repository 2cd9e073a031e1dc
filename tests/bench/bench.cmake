# The benches are started by hand (tests/bench/run.sh); only their client is built here.
add_executable(load bench/load.c)
target_link_libraries(load PRIVATE base)
set_target_properties(load PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
