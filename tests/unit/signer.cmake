zonebox_unit(signer test_plan signer)
zonebox_unit(signer test_sign signer test_support)
zonebox_unit(signer test_verify signer test_support)
