cathaya_layer(tiled_tree leaf_format.c object_path.c tile_cache.c tree_edge.c tree_read.c tree_write.c)
