cathaya_package(JANSSON "jansson>=2.13" libjansson-dev)
cathaya_layer(ct_json ct_json.c ct_json_blobs.c ct_json_entries.c ct_json_mtc.c json_value.c log_list_json.c log_list_json_write.c)
target_link_libraries(layer_ct_json PUBLIC PkgConfig::JANSSON)
