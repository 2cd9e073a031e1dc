zonebox_unit(keys test_dnskey keys)
zonebox_unit(keys test_dkim keys)
zonebox_unit(keys test_tls_plan keys)
zonebox_unit(keys test_tls_text keys)
