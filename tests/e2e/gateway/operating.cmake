# What an operator of a gateway does, and what happens to him.
cathaya_gateway_test(keys keys)
set_tests_properties(e2e/gateway_keys PROPERTIES TIMEOUT 300
  ENVIRONMENT "CATHAYA_PROGRAM=$<TARGET_FILE:cathaya_program>;CATHAYA_OPENSSL_PROGRAM=${PROJECT_SOURCE_DIR}/build/deps/openssl-program/openssl;CATHAYA_TEST_PROVIDER=$<TARGET_FILE:cathayatest_provider>")
cathaya_gateway_test(ocsp ocsp)
set_tests_properties(e2e/gateway_ocsp PROPERTIES TIMEOUT 300)
cathaya_gateway_test(challenges challenges)
set_tests_properties(e2e/gateway_challenges PROPERTIES TIMEOUT 300)
cathaya_gateway_test(config config)
cathaya_gateway_test(operating operating)
set_tests_properties(e2e/gateway_config e2e/gateway_operating PROPERTIES TIMEOUT 300)
