# Against the shared library, as an embedder links it. The static layers are there to make certificates.
foreach(name client server choose policy)
  add_executable(test_api_tls_${name} "${CMAKE_CURRENT_LIST_DIR}/test_${name}.c")
  target_link_libraries(test_api_tls_${name} PRIVATE cathaya-tls mtc_maker layer_tls cmocka)
  add_test(NAME unit/api_tls/${name} COMMAND test_api_tls_${name})
  set_tests_properties(unit/api_tls/${name} PROPERTIES LABELS unit)
endforeach()
