# The service with real clients, mirrors and resolvers on loopback. Some files are long enough for two tests at once.
function(cathaya_acme_test name file)
  add_test(NAME "e2e/acme_${name}" COMMAND python3 -B "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/test_${file}.py" ${ARGN})
  set_tests_properties("e2e/acme_${name}" PROPERTIES LABELS e2e TIMEOUT 300 SKIP_RETURN_CODE 77
    ENVIRONMENT "CATHAYA_PROGRAM=$<TARGET_FILE:cathaya_program>;CATHAYA_MAKE_CSR=$<TARGET_FILE:make_csr>;CATHAYA_NODE_MODULES=${PROJECT_SOURCE_DIR}/build/npm/node_modules")
endfunction()
cathaya_acme_test(certbot clients Certbot)
cathaya_acme_test(clients clients Clients)
foreach(name mirrored operating perspectives policy revocation validation)
  cathaya_acme_test(${name} ${name})
endforeach()
