zonebox_unit(daemon test_child daemon)
zonebox_unit(daemon test_listen daemon)
zonebox_unit(daemon test_last_good daemon)
zonebox_unit(daemon test_snapshot daemon)
