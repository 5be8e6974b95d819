# Certificate Transparency from outside: tests/liar is a log in Python over the independent reading, honest or lying as it is told.
add_test(NAME e2e/ct_liar COMMAND python3 -B "${PROJECT_SOURCE_DIR}/tests/liar/test_liar.py")
set_tests_properties(e2e/ct_liar PROPERTIES LABELS e2e TIMEOUT 300)
# OpenSSL's own reading of SCTs.
add_executable(sct_openssl "${CMAKE_CURRENT_LIST_DIR}/sct_openssl.c")
target_link_libraries(sct_openssl PRIVATE cathaya_flags cathaya_crypto)
# What runs programs: ours, and certspotter where scripts/get-peers could get it.
foreach(name agreement audit certspotter damage hostile lies openssl_ct operator watch)
  add_test(NAME "e2e/ct_${name}" COMMAND python3 -B "${CMAKE_CURRENT_LIST_DIR}/test_${name}.py")
  set_tests_properties("e2e/ct_${name}" PROPERTIES LABELS e2e TIMEOUT 300 SKIP_RETURN_CODE 77
    ENVIRONMENT "CATHAYA_PROGRAM=$<TARGET_FILE:cathaya_program>;CATHAYA_SCT_OPENSSL=$<TARGET_FILE:sct_openssl>")
endforeach()
# No TIMEOUT of its own: `make soak-crash` gives CATHAYA_CRASH_ROUNDS, and the time that it takes.
add_test(NAME crash/ct_kill COMMAND python3 -B "${CMAKE_CURRENT_LIST_DIR}/test_kill.py")
set_tests_properties(crash/ct_kill PROPERTIES LABELS crash SKIP_RETURN_CODE 77
  ENVIRONMENT "CATHAYA_PROGRAM=$<TARGET_FILE:cathaya_program>;CATHAYA_CT_LOAD=${PROJECT_BINARY_DIR}/cathaya-ct-load")
# `make soak-monitor` gives CATHAYA_SOAK_MINUTES.
add_test(NAME e2e/ct_soak COMMAND python3 -B "${CMAKE_CURRENT_LIST_DIR}/test_soak.py")
set_tests_properties(e2e/ct_soak PROPERTIES LABELS e2e SKIP_RETURN_CODE 77 ENVIRONMENT "CATHAYA_PROGRAM=$<TARGET_FILE:cathaya_program>")
# The CA's side: OCSP of the classic CAs, SCTs inside classic certificates and beside Merkle Tree ones.
foreach(name dual misissue mtc_scts ocsp)
  add_test(NAME "e2e/ct_${name}" COMMAND python3 -B "${CMAKE_CURRENT_LIST_DIR}/test_${name}.py")
  set_tests_properties("e2e/ct_${name}" PROPERTIES LABELS e2e TIMEOUT 300 SKIP_RETURN_CODE 77
    ENVIRONMENT "CATHAYA_PROGRAM=$<TARGET_FILE:cathaya_program>;CATHAYA_MAKE_CSR=$<TARGET_FILE:make_csr>;CATHAYA_OPENSSL_PROGRAM=${PROJECT_SOURCE_DIR}/build/deps/openssl-program/openssl")
endforeach()
# The CA's side: precertificate, SCTs, certificate.
add_test(NAME e2e/ct_ca_scts COMMAND python3 -B "${CMAKE_CURRENT_LIST_DIR}/test_ca_scts.py")
set_tests_properties(e2e/ct_ca_scts PROPERTIES LABELS e2e TIMEOUT 600 SKIP_RETURN_CODE 77
  ENVIRONMENT "CATHAYA_PROGRAM=$<TARGET_FILE:cathaya_program>;CATHAYA_MAKE_CSR=$<TARGET_FILE:make_csr>;CATHAYA_SCT_OPENSSL=$<TARGET_FILE:sct_openssl>")
