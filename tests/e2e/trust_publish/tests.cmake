# The distributor with everything real: registry, CAs' logs, versions, clients, and what goes wrong.
foreach(name build serve watch)
  add_test(NAME "e2e/trust_publish_${name}" COMMAND python3 -B "${CMAKE_CURRENT_LIST_DIR}/test_${name}.py")
  set_tests_properties("e2e/trust_publish_${name}" PROPERTIES LABELS e2e TIMEOUT 300 SKIP_RETURN_CODE 77
    ENVIRONMENT "CATHAYA_PROGRAM=$<TARGET_FILE:cathaya_program>;CATHAYA_MAKE_CSR=$<TARGET_FILE:make_csr>")
endforeach()
