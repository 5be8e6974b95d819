# What a CT log keeps of its entries.
cathaya_fuzz_target(data_tile layer_tiled_tree)
