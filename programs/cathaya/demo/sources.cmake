set(demo ${CMAKE_CURRENT_LIST_DIR})
target_sources(cathaya_program PRIVATE
  ${demo}/cmd_demo.c ${demo}/demo_acme.c ${demo}/demo_acme_tiny.c ${demo}/demo_ca.c ${demo}/demo_checks.c ${demo}/demo_config.c ${demo}/demo_ctlog.c
  ${demo}/demo_dns.c ${demo}/demo_fetch.c ${demo}/demo_fork.c ${demo}/demo_gateway.c ${demo}/demo_http01.c ${demo}/demo_identity.c ${demo}/demo_json.c ${demo}/demo_judge.c ${demo}/demo_live.c ${demo}/demo_logs.c
  ${demo}/demo_measure.c ${demo}/demo_monitor.c ${demo}/demo_ports.c ${demo}/demo_processes.c ${demo}/demo_registry.c ${demo}/demo_relying.c ${demo}/demo_report.c ${demo}/demo_scts.c
  ${demo}/demo_services.c ${demo}/demo_setup.c ${demo}/demo_state.c ${demo}/demo_table.c ${demo}/demo_trust.c ${demo}/demo_visit.c)
target_link_libraries(cathaya_program PRIVATE layer_service_acme_client layer_adapters_http_client layer_adapters_http_server
  layer_ct_json layer_service_monitor)
