zonebox_unit(base test_file base)
zonebox_unit(base test_address base)
zonebox_unit(base test_log base)
zonebox_unit(base test_arena base)
