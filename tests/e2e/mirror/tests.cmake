# The real mirror, driven over HTTP by the independent reading.
add_test(NAME e2e/mirror COMMAND python3 -B "${CMAKE_CURRENT_LIST_DIR}/test_mirror.py")
set_tests_properties(e2e/mirror PROPERTIES LABELS e2e TIMEOUT 300
  ENVIRONMENT "CATHAYA_PROGRAM=$<TARGET_FILE:cathaya_program>")
