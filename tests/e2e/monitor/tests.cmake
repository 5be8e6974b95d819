# The real monitor follows logs of another hand (tests/liar), and tells what is to be told.
add_test(NAME e2e/monitor COMMAND python3 -B "${CMAKE_CURRENT_LIST_DIR}/test_monitor.py")
set_tests_properties(e2e/monitor PROPERTIES LABELS e2e TIMEOUT 300
  ENVIRONMENT "CATHAYA_PROGRAM=$<TARGET_FILE:cathaya_program>")
