add_test(NAME e2e/perspective COMMAND python3 -B "${CMAKE_CURRENT_LIST_DIR}/test_perspective.py")
set_tests_properties(e2e/perspective PROPERTIES LABELS e2e
  ENVIRONMENT "CATHAYA_PROGRAM=$<TARGET_FILE:cathaya_program>;CATHAYA_EXAMPLES=${PROJECT_SOURCE_DIR}/examples")
