cathaya_layer(service/sequencer acme_mtc_issuer.c batch_job.c cosign.c read_job.c recover_job.c schedule.c
  sequencer.c)
