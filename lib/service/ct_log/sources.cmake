cathaya_layer(service/ct_log
  ct_log.c ct_log_answer.c ct_log_batch.c ct_log_entries.c ct_log_handler.c ct_log_issuers.c ct_log_judge.c ct_log_limits.c
  ct_log_list.c ct_log_mtc.c ct_log_orders.c ct_log_plan.c ct_log_query.c ct_log_read.c ct_log_reader.c ct_log_roots.c
  ct_log_set_roots.c ct_log_setup.c ct_log_store.c ct_log_submit.c ct_log_time.c)
