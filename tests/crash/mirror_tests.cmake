add_executable(test_crash_mirror_power "${PROJECT_SOURCE_DIR}/tests/crash/test_mirror_power.c")
target_link_libraries(test_crash_mirror_power PRIVATE fake_mirror_world)
add_test(NAME crash/mirror_power COMMAND test_crash_mirror_power)
set_tests_properties(crash/mirror_power PROPERTIES LABELS crash TIMEOUT 600)
