# Whose website a domain is: for signers, the curator and clients.
cathaya_package(IDENTITY_PSL libpsl libpsl-dev)
set(identity ${CMAKE_CURRENT_LIST_DIR})
target_sources(cathaya_program PRIVATE
  ${identity}/cmd_identity_log.c ${identity}/cmd_identity_show.c ${identity}/cmd_identity_sign.c ${identity}/identity_ask.c
  ${identity}/identity_file.c ${identity}/identity_registry.c)
target_link_libraries(cathaya_program PRIVATE layer_registry PkgConfig::IDENTITY_PSL)
