# `cathaya fetch` at a server of ours; what the policy says there, in `verify` and in `trust explain`.
add_executable(fetch_server "${CMAKE_CURRENT_LIST_DIR}/fetch_server.c")
target_link_libraries(fetch_server PRIVATE cathaya_flags layer_tls)
add_executable(program_certificates "${CMAKE_CURRENT_LIST_DIR}/program_certificates.c")
target_include_directories(program_certificates PRIVATE "${PROJECT_SOURCE_DIR}/tests")
target_link_libraries(program_certificates PRIVATE cathaya_flags layer_tls layer_policy cmocka)
foreach(name fetch policy)
  string(REPLACE fetch_fetch fetch test "fetch_${name}")
  add_test(NAME "e2e/${test}" COMMAND python3 -B "${CMAKE_CURRENT_LIST_DIR}/test_${name}.py")
  set_tests_properties("e2e/${test}" PROPERTIES LABELS e2e TIMEOUT 300
    ENVIRONMENT "CATHAYA_PROGRAM=$<TARGET_FILE:cathaya_program>;CATHAYA_MAKE_CSR=$<TARGET_FILE:make_csr>;CATHAYA_FETCH_SERVER=$<TARGET_FILE:fetch_server>;CATHAYA_PROGRAM_CERTIFICATES=$<TARGET_FILE:program_certificates>")
endforeach()
