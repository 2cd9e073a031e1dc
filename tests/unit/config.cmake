zonebox_unit(config test_config config)
