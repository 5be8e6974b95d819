cathaya_package(SQLITE "sqlite3>=3.40" libsqlite3-dev)
cathaya_layer(adapters/sqlite
  sqlite_acme_account.c sqlite_acme_authz.c sqlite_acme_certificate.c sqlite_acme_expire.c sqlite_acme_order.c
  sqlite_acme_pack.c sqlite_acme_query.c sqlite_acme_schema.c sqlite_acme_store.c sqlite_acme_token.c
  sqlite_acme_words.c
  sqlite_backup.c sqlite_ca_keys.c sqlite_ca_plans.c sqlite_ca_revoked.c sqlite_ca_store.c
  sqlite_call.c sqlite_ct_index.c sqlite_database.c sqlite_error.c sqlite_domain_find_names.c sqlite_domain_index.c sqlite_domain_names.c sqlite_domain_prune.c sqlite_lock.c sqlite_objects.c sqlite_open.c sqlite_state_store.c)
target_link_libraries(layer_adapters_sqlite PUBLIC PkgConfig::SQLITE)
