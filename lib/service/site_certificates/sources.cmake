cathaya_package(JANSSON "jansson>=2.13" libjansson-dev)
cathaya_layer(service/site_certificates site_certificate.c site_certificates.c site_configure.c site_deploy.c site_files.c
  site_issue.c site_kind.c site_leaf.c site_state.c site_status.c site_store.c site_time.c site_watch.c)
target_link_libraries(layer_service_site_certificates PUBLIC PkgConfig::JANSSON)
