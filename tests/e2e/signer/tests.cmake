# The signer process: a CA whose key is elsewhere.
add_test(NAME e2e/signer COMMAND python3 -B "${CMAKE_CURRENT_LIST_DIR}/test_signer.py")
set_tests_properties(e2e/signer PROPERTIES LABELS e2e TIMEOUT 300
  ENVIRONMENT "CATHAYA_PROGRAM=$<TARGET_FILE:cathaya_program>;CATHAYA_MAKE_CSR=$<TARGET_FILE:make_csr>;CATHAYA_TEST_PROVIDER=$<TARGET_FILE:cathayatest_provider>")
foreach(name service mirror)
  add_test(NAME "e2e/signer_${name}" COMMAND python3 -B "${CMAKE_CURRENT_LIST_DIR}/test_signer_${name}.py")
  set_tests_properties("e2e/signer_${name}" PROPERTIES LABELS e2e TIMEOUT 300 SKIP_RETURN_CODE 77
    ENVIRONMENT "CATHAYA_PROGRAM=$<TARGET_FILE:cathaya_program>;CATHAYA_MAKE_CSR=$<TARGET_FILE:make_csr>")
endforeach()
