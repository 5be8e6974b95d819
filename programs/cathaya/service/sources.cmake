# What every `... run` command shares.
cathaya_package(SYSTEMD libsystemd libsystemd-dev)
target_sources(cathaya_program PRIVATE ${CMAKE_CURRENT_LIST_DIR}/child_process.c ${CMAKE_CURRENT_LIST_DIR}/control_client.c
  ${CMAKE_CURRENT_LIST_DIR}/service_admin.c ${CMAKE_CURRENT_LIST_DIR}/service_listen.c ${CMAKE_CURRENT_LIST_DIR}/service_log.c ${CMAKE_CURRENT_LIST_DIR}/service_run.c ${CMAKE_CURRENT_LIST_DIR}/service_tls.c)
target_link_libraries(cathaya_program PRIVATE layer_adapters_event_loop layer_adapters_http_server
  layer_metrics PkgConfig::SYSTEMD)
