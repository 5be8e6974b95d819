# A root program's registry, kept by commands: from nothing to accepted roots, logs and MTC CAs, and what is refused on the way.
foreach(name registry log_lists)
  add_test(NAME "e2e/registry_${name}" COMMAND python3 -B "${CMAKE_CURRENT_LIST_DIR}/test_${name}.py")
  set_tests_properties("e2e/registry_${name}" PROPERTIES LABELS e2e TIMEOUT 120
    ENVIRONMENT "CATHAYA_PROGRAM=$<TARGET_FILE:cathaya_program>")
endforeach()
