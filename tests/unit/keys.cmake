zonebox_unit(keys test_dnskey keys)
zonebox_unit(keys test_dkim keys)
