zonebox_unit(base test_file base)
