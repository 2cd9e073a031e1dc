zonebox_unit(config test_config config)
zonebox_unit(config test_inputs config)
zonebox_unit(config test_watch config)
