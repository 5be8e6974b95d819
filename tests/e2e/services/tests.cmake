# The CA service and its mirrors when processes are killed. CATHAYA_CRASH_ROUNDS: at length (make soak-crash).
foreach(name kill)
  add_test(NAME "crash/service_${name}" COMMAND python3 -B "${CMAKE_CURRENT_LIST_DIR}/test_${name}.py")
  set_tests_properties("crash/service_${name}" PROPERTIES LABELS crash TIMEOUT 600 SKIP_RETURN_CODE 77
    ENVIRONMENT "CATHAYA_PROGRAM=$<TARGET_FILE:cathaya_program>")
endforeach()
