add_library(fake_monitor_world STATIC "${PROJECT_SOURCE_DIR}/tests/fakes/fake_loop.c" "${PROJECT_SOURCE_DIR}/tests/fakes/memory_disk.c")
target_include_directories(fake_monitor_world PUBLIC "${PROJECT_SOURCE_DIR}/tests")
target_link_libraries(fake_monitor_world PUBLIC layer_service_monitor)
cathaya_unit_test(service/monitor notifier fake_monitor_world)
