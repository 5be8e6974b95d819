# Against the shared library, as an embedder links it. The static layers are there to make certificates.
add_executable(test_api_tls_client "${CMAKE_CURRENT_LIST_DIR}/test_client.c")
target_link_libraries(test_api_tls_client PRIVATE cathaya-tls mtc_maker cmocka)
add_test(NAME unit/api_tls/client COMMAND test_api_tls_client)
set_tests_properties(unit/api_tls/client PROPERTIES LABELS unit)
