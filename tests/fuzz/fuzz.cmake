# Fuzz targets. Each is built twice: replay_NAME plays tests/fuzz/corpus/NAME in every build (ctest fuzz.NAME), and with
# the preset `fuzz` (clang) fuzz_NAME is the libFuzzer binary:
#     cmake --preset fuzz && cmake --build build/fuzz --target fuzz_config
#     build/fuzz/tests/fuzz_config -max_total_time=300 -dict=tests/fuzz/config.dict NEW_CORPUS tests/fuzz/corpus/config
# campaign.sh does that for hours, for many of them.

# zonebox_fuzz(NAME LIBRARY...): tests/fuzz/fuzz_NAME.c
function(zonebox_fuzz name)
  add_executable(replay_${name} fuzz/fuzz_${name}.c fuzz/replay.c)
  target_link_libraries(replay_${name} PRIVATE ${ARGN} base)
  set_target_properties(replay_${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  add_test(NAME fuzz.${name} COMMAND replay_${name} ${CMAKE_CURRENT_SOURCE_DIR}/fuzz/corpus/${name})
  set_tests_properties(fuzz.${name} PROPERTIES LABELS fuzz TIMEOUT 120)
  if(ZONEBOX_FUZZ)
    add_executable(fuzz_${name} fuzz/fuzz_${name}.c)
    target_link_libraries(fuzz_${name} PRIVATE ${ARGN})
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
    set_target_properties(fuzz_${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  endif()
endfunction()

zonebox_fuzz(config config)
zonebox_fuzz(image test_support server dns)
zonebox_fuzz(zone test_support dns)
zonebox_fuzz(respond test_support server PkgConfig::LDNS)
zonebox_fuzz(stream test_small_store server)
zonebox_fuzz(resolver resolver)
zonebox_fuzz(zonegen zonegen)
zonebox_fuzz(custom zonegen)
zonebox_fuzz(records zonegen dns)
zonebox_fuzz(txt dns)
zonebox_fuzz(tls_keys keys)
zonebox_fuzz(own_zones engine)
zonebox_fuzz(probe probe PkgConfig::CRYPTO)
zonebox_fuzz(observe probe PkgConfig::CRYPTO)
zonebox_fuzz(judge judge)
