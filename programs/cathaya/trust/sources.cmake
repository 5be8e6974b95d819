set(trust ${CMAKE_CURRENT_LIST_DIR})
target_sources(cathaya_program PRIVATE
  ${trust}/cmd_trust_import.c ${trust}/cmd_trust_show.c ${trust}/cmd_trust_update.c
  ${trust}/trust_accept.c ${trust}/trust_directory.c ${trust}/trust_directory_logs.c ${trust}/trust_held.c ${trust}/trust_import.c ${trust}/trust_import_policy.c
  ${trust}/trust_keys.c ${trust}/trust_report.c ${trust}/trust_round.c ${trust}/trust_show_parts.c ${trust}/trust_take.c
  ${trust}/trust_take_report.c ${trust}/trust_versions.c)
target_link_libraries(cathaya_program PRIVATE layer_service_landmark_update layer_adapters_event_loop layer_adapters_http_client)
