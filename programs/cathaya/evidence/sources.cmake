target_sources(cathaya_program PRIVATE ${CMAKE_CURRENT_LIST_DIR}/cmd_evidence_verify.c)
