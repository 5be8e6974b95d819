# Parts of the program that are not a layer: each test is linked with the files that it is about.
cathaya_package(SYSTEMD libsystemd libsystemd-dev)
cathaya_package(JANSSON jansson libjansson-dev)
set(program "${PROJECT_SOURCE_DIR}/programs/cathaya")
add_executable(test_program_service "${CMAKE_CURRENT_LIST_DIR}/test_service.c"
  "${program}/service/service_admin.c" "${program}/service/service_log.c"
  "${program}/service/service_run.c" "${program}/output.c")
target_include_directories(test_program_service PRIVATE "${PROJECT_SOURCE_DIR}/tests" "${program}")
target_link_libraries(test_program_service PRIVATE layer_adapters_event_loop layer_adapters_http_server
  layer_metrics PkgConfig::SYSTEMD PkgConfig::JANSSON cmocka)
add_test(NAME unit/program/service COMMAND test_program_service)
set_tests_properties(unit/program/service PROPERTIES LABELS unit)

add_executable(test_program_gateway_parts "${CMAKE_CURRENT_LIST_DIR}/test_gateway_parts.c"
  "${program}/gateway/dns_hook.c" "${program}/gateway/timer_gate.c" "${program}/service/child_process.c")
target_include_directories(test_program_gateway_parts PRIVATE "${PROJECT_SOURCE_DIR}/tests" "${program}")
target_link_libraries(test_program_gateway_parts PRIVATE layer_adapters_event_loop layer_adapters_posix cmocka)
add_test(NAME unit/program/gateway_parts COMMAND test_program_gateway_parts)
set_tests_properties(unit/program/gateway_parts PROPERTIES LABELS unit)
