# The matrix of the policy file. What has no case fails the build: the test is asked as soon as it is linked, and it is linked anew
# when the shipped policy changes.
add_library(policy_cases STATIC
  "${CMAKE_CURRENT_LIST_DIR}/made.c"
  "${CMAKE_CURRENT_LIST_DIR}/policy_cases_br.c"
  "${CMAKE_CURRENT_LIST_DIR}/policy_cases_chain.c"
  "${CMAKE_CURRENT_LIST_DIR}/policy_cases_ct.c"
  "${CMAKE_CURRENT_LIST_DIR}/policy_cases_in.c"
  "${CMAKE_CURRENT_LIST_DIR}/policy_cases_names.c"
  "${CMAKE_CURRENT_LIST_DIR}/policy_cases_purpose.c"
  "${CMAKE_CURRENT_LIST_DIR}/policy_cases_rp.c")
target_include_directories(policy_cases PRIVATE "${PROJECT_SOURCE_DIR}/tests")
target_link_libraries(policy_cases PUBLIC layer_policy cmocka)
cathaya_unit_test(policy matrix policy_cases)
add_custom_command(TARGET test_policy_matrix POST_BUILD COMMAND test_policy_matrix --complete VERBATIM)
cathaya_unit_test(policy policy_set policy_cases)
cathaya_unit_test(policy policy_judge policy_cases)
cathaya_unit_test(policy policy_kinds policy_cases)

cathaya_unit_test(policy lint)
