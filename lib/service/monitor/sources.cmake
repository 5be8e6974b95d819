cathaya_package(JANSSON "jansson>=2.13" libjansson-dev)
cathaya_layer(service/monitor admission.c dn_text.c gossip.c gossip_message.c log_facts.c monitor.c monitor_found.c monitor_identity.c monitor_scan.c monitor_status.c monitor_take.c monitor_watch.c
  notification.c notification_text.c notifier.c notifier_deliver.c notifier_store.c prober.c seen_set.c uptime.c)
target_link_libraries(layer_service_monitor PUBLIC PkgConfig::JANSSON)
