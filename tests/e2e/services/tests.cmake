# The CA service with mirrors as real processes: parties that lie, and everything that can go wrong around them. The crash
# ones have no TIMEOUT of their own: `make soak-crash` gives CATHAYA_CRASH_ROUNDS, and the time that it takes.
add_test(NAME e2e/services_liars COMMAND python3 -B "${CMAKE_CURRENT_LIST_DIR}/test_liars.py")
set_tests_properties(e2e/services_liars PROPERTIES LABELS e2e TIMEOUT 600 SKIP_RETURN_CODE 77
  ENVIRONMENT "CATHAYA_PROGRAM=$<TARGET_FILE:cathaya_program>")
foreach(name kill surroundings mirrors_away)
  add_test(NAME "crash/services_${name}" COMMAND python3 -B "${CMAKE_CURRENT_LIST_DIR}/test_${name}.py")
  set_tests_properties("crash/services_${name}" PROPERTIES LABELS crash SKIP_RETURN_CODE 77
    ENVIRONMENT "CATHAYA_PROGRAM=$<TARGET_FILE:cathaya_program>")
endforeach()
