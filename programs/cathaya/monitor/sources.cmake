cathaya_package(IDN2 libidn2 libidn2-dev)
target_sources(cathaya_program PRIVATE
  ${CMAKE_CURRENT_LIST_DIR}/cmd_monitor_report.c ${CMAKE_CURRENT_LIST_DIR}/cmd_monitor_run.c
  ${CMAKE_CURRENT_LIST_DIR}/cmd_monitor_search.c ${CMAKE_CURRENT_LIST_DIR}/cmd_monitor_status.c
  ${CMAKE_CURRENT_LIST_DIR}/cmd_monitor_test.c ${CMAKE_CURRENT_LIST_DIR}/monitor_actions.c
  ${CMAKE_CURRENT_LIST_DIR}/monitor_follow.c ${CMAKE_CURRENT_LIST_DIR}/monitor_service.c
  ${CMAKE_CURRENT_LIST_DIR}/monitor_settings.c ${CMAKE_CURRENT_LIST_DIR}/monitor_settings_log.c
  ${CMAKE_CURRENT_LIST_DIR}/monitor_settings_trust.c ${CMAKE_CURRENT_LIST_DIR}/monitor_trust.c
  ${CMAKE_CURRENT_LIST_DIR}/monitor_status_page.c ${CMAKE_CURRENT_LIST_DIR}/monitor_watch_file.c)
target_link_libraries(cathaya_program PRIVATE layer_service_monitor layer_service_log_follower layer_service_bundle_watcher layer_adapters_event_loop
  layer_adapters_http_server layer_adapters_http_client layer_adapters_posix layer_adapters_sqlite layer_ct_json PkgConfig::IDN2)
