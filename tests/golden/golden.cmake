# Each example is a golden test: dump, ds and check against the texts here, and the zones against three judges.
file(GLOB examples CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/examples/*.yaml)
foreach(example ${examples})
  get_filename_component(name ${example} NAME_WE)
  add_test(NAME golden.${name}
    COMMAND ${CMAKE_CURRENT_LIST_DIR}/golden.sh $<TARGET_FILE:zonegen_program> ${name})
  set_tests_properties(golden.${name} PROPERTIES LABELS golden TIMEOUT 120)
endforeach()
