# Certificate Transparency, docs/vectors/ct: included by tests/vectors/CMakeLists.txt.
add_executable(ct_vectors "${CMAKE_CURRENT_LIST_DIR}/ct_vectors.c")
target_link_libraries(ct_vectors PRIVATE layer_ct_json layer_rules)
add_test(NAME vectors/ct COMMAND python3 -B "${CMAKE_CURRENT_LIST_DIR}/test_ct.py" "$<TARGET_FILE:ct_vectors>" "$<TARGET_FILE:sct_openssl>")
set_tests_properties(vectors/ct PROPERTIES LABELS vectors)
add_test(NAME vectors/inspect_ct COMMAND python3 -B "${CMAKE_CURRENT_LIST_DIR}/test_inspect_ct.py")
set_tests_properties(vectors/inspect_ct PROPERTIES LABELS vectors ENVIRONMENT "CATHAYA_PROGRAM=$<TARGET_FILE:cathaya_program>")
