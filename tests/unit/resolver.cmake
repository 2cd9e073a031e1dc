zonebox_unit(resolver test_names resolver)
zonebox_unit(resolver test_policy test_support resolver)
zonebox_unit(resolver test_resolver_reply test_support resolver PkgConfig::LDNS)
zonebox_unit(resolver test_why resolver)
