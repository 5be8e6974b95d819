foreach(name bundle diff edit lint read)
  cathaya_unit_test(registry registry_${name})
endforeach()
target_compile_definitions(test_registry_registry_lint PRIVATE ROOT_PROGRAM_DOCUMENT="${PROJECT_SOURCE_DIR}/docs/root-program.md")
