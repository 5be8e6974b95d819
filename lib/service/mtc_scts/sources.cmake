cathaya_layer(service/mtc_scts mtc_scts.c mtc_scts_round.c mtc_scts_store.c)
