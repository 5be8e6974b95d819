set(ca_run ${CMAKE_CURRENT_LIST_DIR})
target_sources(cathaya_program PRIVATE
  ${ca_run}/cmd_ca_revoke.c ${ca_run}/cmd_ca_run.c ${ca_run}/run_admin.c ${ca_run}/run_backup.c ${ca_run}/run_ca_log.c ${ca_run}/run_classic_ca.c
  ${ca_run}/run_config.c ${ca_run}/run_config_acme.c ${ca_run}/run_config_ct.c ${ca_run}/run_config_profiles.c ${ca_run}/run_cqrp.c ${ca_run}/run_ct.c ${ca_run}/run_expiry.c ${ca_run}/run_lint.c
  ${ca_run}/run_mtc_ca.c ${ca_run}/run_mtc_scts.c ${ca_run}/run_ocsp.c ${ca_run}/run_peers.c ${ca_run}/run_policy.c ${ca_run}/run_retired.c ${ca_run}/run_revocations.c ${ca_run}/run_service.c ${ca_run}/run_validation.c)
target_link_libraries(cathaya_program PRIVATE layer_service_acme layer_service_sequencer layer_service_cosigning
  layer_service_revocation layer_service_validation layer_service_classic_issuer layer_service_ct_submission layer_service_ocsp_responder layer_service_mtc_scts layer_adapters_sqlite
  layer_adapters_http_server layer_adapters_http_client layer_adapters_tls_client layer_adapters_dns)
