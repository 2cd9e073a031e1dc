add_library(signer_zone STATIC unit/signer/box.c unit/signer/signer_zone.c)
target_link_libraries(signer_zone PUBLIC signer test_support PkgConfig::CMOCKA)

zonebox_unit(signer test_mishaps signer_zone)
zonebox_unit(signer test_plan signer)
zonebox_unit(signer test_publish signer_zone)
zonebox_unit(signer test_sign signer_zone)
zonebox_unit(signer test_state signer_zone)
zonebox_unit(signer test_verify signer_zone)
