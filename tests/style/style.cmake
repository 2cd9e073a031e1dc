# What a machine can say about style; needs nothing built.
foreach(check arrows budget format shell)
  add_test(NAME style.${check}
    COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/style/${check} ${CMAKE_SOURCE_DIR})
  # git lists the files also for root in somebody else's clone (git-config(1), safe.directory).
  set_tests_properties(style.${check} PROPERTIES LABELS style TIMEOUT 120
    ENVIRONMENT "GIT_CONFIG_COUNT=1;GIT_CONFIG_KEY_0=safe.directory;GIT_CONFIG_VALUE_0=${CMAKE_SOURCE_DIR}")
endforeach()
