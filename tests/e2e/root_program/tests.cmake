# What a root program does beside its bundle: websites' identities, its public pages, test sites, the admission of logs.
foreach(name admit_log identity identity_client page sites)
  add_test(NAME "e2e/root_program_${name}" COMMAND python3 -B "${CMAKE_CURRENT_LIST_DIR}/test_${name}.py")
  set_tests_properties("e2e/root_program_${name}" PROPERTIES LABELS e2e TIMEOUT 300 SKIP_RETURN_CODE 77
    ENVIRONMENT "CATHAYA_PROGRAM=$<TARGET_FILE:cathaya_program>;CATHAYA_SIGN_BUNDLE=$<TARGET_FILE:sign_bundle>;CATHAYA_MAKE_CSR=$<TARGET_FILE:make_csr>;CATHAYA_FETCH_SERVER=$<TARGET_FILE:fetch_server>")
endforeach()
