cathaya_layer(service/signer signer_core.c signer_memory.c signer_rules.c)
