add_test(NAME e2e/audit_inputs COMMAND python3 -B "${CMAKE_CURRENT_LIST_DIR}/test_audit_inputs.py")
set_tests_properties(e2e/audit_inputs PROPERTIES LABELS e2e TIMEOUT 120 ENVIRONMENT "CATHAYA_PROGRAM=$<TARGET_FILE:cathaya_program>")
