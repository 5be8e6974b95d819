cathaya_layer(service/acme_client acme_client.c client_account.c client_answer.c client_authorization.c client_key.c
  client_order.c client_post.c client_renewal.c)
