# `cathaya fetch` at a server of ours.
add_executable(fetch_server "${CMAKE_CURRENT_LIST_DIR}/fetch_server.c")
target_link_libraries(fetch_server PRIVATE cathaya_flags layer_tls)
add_test(NAME e2e/fetch COMMAND python3 -B "${CMAKE_CURRENT_LIST_DIR}/test_fetch.py")
set_tests_properties(e2e/fetch PROPERTIES LABELS e2e TIMEOUT 300
  ENVIRONMENT "CATHAYA_PROGRAM=$<TARGET_FILE:cathaya_program>;CATHAYA_MAKE_CSR=$<TARGET_FILE:make_csr>;CATHAYA_FETCH_SERVER=$<TARGET_FILE:fetch_server>")
