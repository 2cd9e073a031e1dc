# What a machine can say about style; needs nothing built.
foreach(check arrows budget format options shell)
  add_test(NAME style.${check}
    COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/style/${check} ${CMAKE_SOURCE_DIR})
  set_tests_properties(style.${check} PROPERTIES LABELS style TIMEOUT 120)
endforeach()
