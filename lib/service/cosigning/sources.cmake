# zlib: uploads of entries are compressed.
find_package(ZLIB REQUIRED)
cathaya_layer(service/cosigning checkpoint_step.c compare_step.c cosignature.c cosigning.c gzip.c
  subtree_step.c upload_step.c)
target_link_libraries(layer_service_cosigning PRIVATE ZLIB::ZLIB)
