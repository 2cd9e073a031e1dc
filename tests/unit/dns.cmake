zonebox_unit(dns test_name dns)
