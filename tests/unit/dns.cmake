zonebox_unit(dns test_name dns)
zonebox_unit(dns test_image test_support dns)
zonebox_unit(dns test_store dns)
zonebox_unit(dns test_image_check test_support dns)
