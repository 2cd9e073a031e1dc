add_library(probe_stand_in STATIC unit/probe/stand_in.c)
target_link_libraries(probe_stand_in PUBLIC base PkgConfig::UV)

zonebox_unit(probe test_ask probe_stand_in probe)
zonebox_unit(probe test_locate probe_stand_in probe)
zonebox_unit(probe test_smtp probe)
zonebox_unit(probe test_http probe)
zonebox_unit(probe test_tls_look probe_stand_in probe PkgConfig::SSL PkgConfig::CRYPTO)

add_library(probe_world STATIC unit/probe/world.c)
target_link_libraries(probe_world PUBLIC judge)
zonebox_unit(probe test_judge probe_world)
zonebox_unit(probe test_spf_check probe_world)
