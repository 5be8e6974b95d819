# The service with real clients, mirrors and resolvers on loopback.
foreach(name clients mirrored operating perspectives revocation validation)
  add_test(NAME "e2e/acme_${name}" COMMAND python3 -B "${CMAKE_CURRENT_LIST_DIR}/test_${name}.py")
  set_tests_properties("e2e/acme_${name}" PROPERTIES LABELS e2e TIMEOUT 300 SKIP_RETURN_CODE 77
    ENVIRONMENT "CATHAYA_PROGRAM=$<TARGET_FILE:cathaya_program>;CATHAYA_MAKE_CSR=$<TARGET_FILE:make_csr>;CATHAYA_NODE_MODULES=${PROJECT_SOURCE_DIR}/build/npm/node_modules")
endforeach()
