# The demo with its services, and what another program can do with them.
add_test(NAME "e2e/demo_services" COMMAND python3 -B "${CMAKE_CURRENT_LIST_DIR}/test_services.py")
set_tests_properties("e2e/demo_services" PROPERTIES LABELS e2e TIMEOUT 600 SKIP_RETURN_CODE 77
  ENVIRONMENT "CATHAYA_PROGRAM=$<TARGET_FILE:cathaya_program>;CATHAYA_MAKE_CSR=$<TARGET_FILE:make_csr>")
