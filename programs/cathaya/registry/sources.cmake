set(registry ${CMAKE_CURRENT_LIST_DIR})
target_sources(cathaya_program PRIVATE
  ${registry}/cmd_trust_add.c ${registry}/cmd_trust_import_logs.c ${registry}/cmd_trust_init.c ${registry}/cmd_trust_lint.c
  ${registry}/cmd_trust_set.c ${registry}/cmd_trust_state.c
  ${registry}/registry_add_policy.c ${registry}/registry_command.c ${registry}/registry_directory.c)
target_link_libraries(cathaya_program PRIVATE layer_registry)
