# Compiler and linker options of every target, in one place.
add_library(zonebox_options INTERFACE)
target_include_directories(zonebox_options INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_definitions(zonebox_options INTERFACE _GNU_SOURCE ZONEBOX_VERSION="${PROJECT_VERSION}")
target_compile_options(zonebox_options INTERFACE
  -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wformat=2
  -Wcast-qual -Wundef -Wwrite-strings -fno-common)
if(ZONEBOX_WERROR)
  target_compile_options(zonebox_options INTERFACE -Werror)
endif()

if(ZONEBOX_SANITIZE)
  target_compile_options(zonebox_options INTERFACE
    -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(zonebox_options INTERFACE -fsanitize=address,undefined)
endif()
if(ZONEBOX_FUZZ)
  target_compile_options(zonebox_options INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(ZONEBOX_COVERAGE)
  target_compile_options(zonebox_options INTERFACE --coverage)
  target_link_options(zonebox_options INTERFACE --coverage)
endif()

# A release is hardened as Debian's own packages are.
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  set(CMAKE_INTERPROCEDURAL_OPTIMIZATION ON)
  set(CMAKE_POSITION_INDEPENDENT_CODE ON)
  target_compile_options(zonebox_options INTERFACE
    -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fstack-clash-protection)
  target_link_options(zonebox_options INTERFACE -pie -Wl,-z,relro -Wl,-z,now)
endif()

# zonebox_library(NAME SOURCES... ): a folder's library, linked to what the arrows allow by the caller.
function(zonebox_library name)
  add_library(${name} STATIC ${ARGN})
  target_link_libraries(${name} PUBLIC zonebox_options)
endfunction()
