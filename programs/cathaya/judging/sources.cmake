# What the policy says of a certificate, for all commands that show it.
cathaya_package(JUDGING_PSL libpsl libpsl-dev)
set(judging ${CMAKE_CURRENT_LIST_DIR})
target_sources(cathaya_program PRIVATE
  ${judging}/cmd_trust_explain.c ${judging}/judging.c ${judging}/judging_basis.c ${judging}/judging_options.c ${judging}/judging_report.c ${judging}/judging_words.c ${judging}/policy_files.c ${judging}/public_names.c
  ${judging}/text_columns.c ${judging}/verify_client.c)
target_link_libraries(cathaya_program PRIVATE PkgConfig::JUDGING_PSL)
