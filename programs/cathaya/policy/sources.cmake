# What the policy says of a certificate, for all commands that show it.
cathaya_package(POLICY_PSL libpsl libpsl-dev)
set(policy ${CMAKE_CURRENT_LIST_DIR})
target_sources(cathaya_program PRIVATE ${policy}/public_names.c)
target_link_libraries(cathaya_program PRIVATE PkgConfig::POLICY_PSL)
