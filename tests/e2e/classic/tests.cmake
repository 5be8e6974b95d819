# CAs of directly signed certificates without the service: openssl judges what they make.
add_test(NAME e2e/classic COMMAND python3 -B "${CMAKE_CURRENT_LIST_DIR}/test_classic.py")
set_tests_properties(e2e/classic PROPERTIES LABELS e2e TIMEOUT 120 SKIP_RETURN_CODE 77
  ENVIRONMENT "CATHAYA_PROGRAM=$<TARGET_FILE:cathaya_program>")
add_test(NAME e2e/classic_expiry COMMAND python3 -B "${CMAKE_CURRENT_LIST_DIR}/test_expiry.py")
set_tests_properties(e2e/classic_expiry PROPERTIES LABELS e2e TIMEOUT 120 SKIP_RETURN_CODE 77
  ENVIRONMENT "CATHAYA_PROGRAM=$<TARGET_FILE:cathaya_program>;CATHAYA_MAKE_CSR=$<TARGET_FILE:make_csr>")
