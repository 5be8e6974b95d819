cathaya_layer(metrics metrics.c)
target_link_libraries(layer_metrics PUBLIC pthread)
