target_sources(cathaya_program PRIVATE ${CMAKE_CURRENT_LIST_DIR}/cmd_mirror_init.c
  ${CMAKE_CURRENT_LIST_DIR}/cmd_mirror_run.c ${CMAKE_CURRENT_LIST_DIR}/mirror_config.c
  ${CMAKE_CURRENT_LIST_DIR}/mirror_landmarks.c ${CMAKE_CURRENT_LIST_DIR}/mirror_logs.c
  ${CMAKE_CURRENT_LIST_DIR}/mirror_service.c)
target_link_libraries(cathaya_program PRIVATE layer_service_mirror layer_adapters_event_loop
  layer_adapters_http_server layer_adapters_http_client)
