# Certificate Transparency from outside: tests/liar is a log in Python over the independent reading, honest or lying as it is told.
add_test(NAME e2e/ct_liar COMMAND python3 -B "${PROJECT_SOURCE_DIR}/tests/liar/test_liar.py")
set_tests_properties(e2e/ct_liar PROPERTIES LABELS e2e TIMEOUT 300)
# What runs programs: ours, and certspotter where scripts/get-peers could get it.
foreach(name certspotter)
  add_test(NAME "e2e/ct_${name}" COMMAND python3 -B "${CMAKE_CURRENT_LIST_DIR}/test_${name}.py")
  set_tests_properties("e2e/ct_${name}" PROPERTIES LABELS e2e TIMEOUT 300 SKIP_RETURN_CODE 77
    ENVIRONMENT "CATHAYA_PROGRAM=$<TARGET_FILE:cathaya_program>")
endforeach()
