target_sources(cathaya_program PRIVATE ${CMAKE_CURRENT_LIST_DIR}/../secret_process.c ${CMAKE_CURRENT_LIST_DIR}/cmd_signer_run.c
  ${CMAKE_CURRENT_LIST_DIR}/signer_config.c ${CMAKE_CURRENT_LIST_DIR}/signer_connection.c ${CMAKE_CURRENT_LIST_DIR}/signer_server.c)
target_link_libraries(cathaya_program PRIVATE layer_service_signer layer_adapters_signer_client)
