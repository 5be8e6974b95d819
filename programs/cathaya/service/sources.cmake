# What every `... run` command shares.
pkg_check_modules(SYSTEMD REQUIRED IMPORTED_TARGET libsystemd)
target_sources(cathaya_program PRIVATE ${CMAKE_CURRENT_LIST_DIR}/service_admin.c
  ${CMAKE_CURRENT_LIST_DIR}/service_log.c ${CMAKE_CURRENT_LIST_DIR}/service_run.c)
target_link_libraries(cathaya_program PRIVATE layer_adapters_event_loop layer_adapters_http_server
  layer_metrics PkgConfig::SYSTEMD)
