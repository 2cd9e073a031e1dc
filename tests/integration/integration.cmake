# One ctest per file. Debian's own Python has dnspython and pytest; another one that is first in PATH may not.
set(PYTHON /usr/bin/python3)
file(GLOB integration_tests CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/integration/test_*.py)
foreach(path ${integration_tests})
  get_filename_component(name ${path} NAME_WE)
  add_test(NAME integration.${name}
    COMMAND ${PYTHON} -B -m pytest -q -p no:cacheprovider -rs --basetemp=${CMAKE_BINARY_DIR}/tests/${name} ${path})
  set_tests_properties(integration.${name} PROPERTIES
    LABELS integration
    TIMEOUT 1200
    ENVIRONMENT "ZONEBOX_BIN=${CMAKE_BINARY_DIR}/bin;ZONEBOX_SOURCE=${CMAKE_SOURCE_DIR}")
endforeach()
