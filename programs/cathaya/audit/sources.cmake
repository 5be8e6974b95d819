target_sources(cathaya_program PRIVATE ${CMAKE_CURRENT_LIST_DIR}/audit_logs.c ${CMAKE_CURRENT_LIST_DIR}/audit_report.c
  ${CMAKE_CURRENT_LIST_DIR}/audit_scts.c ${CMAKE_CURRENT_LIST_DIR}/cmd_audit.c)
target_link_libraries(cathaya_program PRIVATE layer_service_log_follower layer_ct_json layer_adapters_event_loop
  layer_adapters_http_client)
