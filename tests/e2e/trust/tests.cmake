# A trust directory, made, kept up to date from logs that are honest or lie, and read while it changes; what is revoked, at a
# running CA with mirrors; signed bundles.
add_executable(sign_bundle "${CMAKE_CURRENT_LIST_DIR}/sign_bundle.c")
target_link_libraries(sign_bundle PRIVATE cathaya_flags layer_rules)
target_include_directories(sign_bundle PRIVATE "${CMAKE_SOURCE_DIR}/tests")
foreach(name trust liars damage revocations bundle distributor)
  add_test(NAME "e2e/trust_${name}" COMMAND python3 -B "${CMAKE_CURRENT_LIST_DIR}/test_${name}.py")
  set_tests_properties("e2e/trust_${name}" PROPERTIES LABELS e2e TIMEOUT 300 SKIP_RETURN_CODE 77
    ENVIRONMENT "CATHAYA_PROGRAM=$<TARGET_FILE:cathaya_program>;CATHAYA_MAKE_CSR=$<TARGET_FILE:make_csr>;CATHAYA_FETCH_SERVER=$<TARGET_FILE:fetch_server>;CATHAYA_SIGN_BUNDLE=$<TARGET_FILE:sign_bundle>")
endforeach()
