# Where things go when installed. People call zonebox, zonegen and zoned; those find the rest by their own place.
include(GNUInstallDirs)

function(zonebox_install destination)
  foreach(program ${ARGN})
    if(TARGET ${program})
      install(TARGETS ${program} RUNTIME DESTINATION ${destination})
    endif()
  endforeach()
endfunction()
zonebox_install(${CMAKE_INSTALL_BINDIR} zonebox zonegen)
zonebox_install(${CMAKE_INSTALL_SBINDIR} zoned)
zonebox_install(${CMAKE_INSTALL_LIBEXECDIR}/zonebox zone-signer zone-server zone-probe zone-resolver)

foreach(section 1 7 8)
  file(GLOB pages CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/docs/man/*.${section})
  install(FILES ${pages} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section})
endforeach()

install(FILES ${CMAKE_BINARY_DIR}/man/zonebox.yaml.5 DESTINATION ${CMAKE_INSTALL_MANDIR}/man5) # config/CMakeLists.txt

foreach(program zonebox zonegen)
  install(FILES ${CMAKE_SOURCE_DIR}/docs/completion.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions
    RENAME ${program})
endforeach()

install(DIRECTORY ${CMAKE_SOURCE_DIR}/examples/ DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples
  FILES_MATCHING PATTERN *.yaml PATTERN *.zone PATTERN *.records)

# For systemd. The unit names zoned where it is installed, which is known only then.
set(ZONEBOX_SHARE ${CMAKE_SOURCE_DIR}/share/zonebox)
install(CODE "
  set(ZONED \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_SBINDIR}/zoned\")
  set(unit \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/lib/systemd/system/zonebox.service\")
  message(STATUS \"Installing: \${unit}\")
  configure_file(${ZONEBOX_SHARE}/zonebox.service.in \${unit} @ONLY)")
install(FILES ${ZONEBOX_SHARE}/sysusers.conf DESTINATION lib/sysusers.d RENAME zonebox.conf)
install(FILES ${ZONEBOX_SHARE}/tmpfiles.conf DESTINATION lib/tmpfiles.d RENAME zonebox.conf)
