target_sources(cathaya_program PRIVATE ${CMAKE_CURRENT_LIST_DIR}/cmd_ctlog_ask.c ${CMAKE_CURRENT_LIST_DIR}/cmd_ctlog_fsck.c
  ${CMAKE_CURRENT_LIST_DIR}/cmd_ctlog_init.c ${CMAKE_CURRENT_LIST_DIR}/cmd_ctlog_run.c
  ${CMAKE_CURRENT_LIST_DIR}/ctlog_admin.c ${CMAKE_CURRENT_LIST_DIR}/ctlog_config.c
  ${CMAKE_CURRENT_LIST_DIR}/ctlog_config_log.c ${CMAKE_CURRENT_LIST_DIR}/ctlog_files.c ${CMAKE_CURRENT_LIST_DIR}/ctlog_log.c
  ${CMAKE_CURRENT_LIST_DIR}/ctlog_service.c ${CMAKE_CURRENT_LIST_DIR}/ctlog_witnesses.c)
target_link_libraries(cathaya_program PRIVATE layer_service_ct_log layer_service_cosigning layer_ct_json
  layer_adapters_event_loop layer_adapters_http_server layer_adapters_http_client layer_adapters_sqlite)
