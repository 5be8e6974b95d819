cathaya_package(JANSSON "jansson>=2.13" libjansson-dev)
cathaya_layer(service/monitor notification.c notification_text.c notifier.c notifier_deliver.c notifier_store.c seen_set.c)
target_link_libraries(layer_service_monitor PUBLIC PkgConfig::JANSSON)
