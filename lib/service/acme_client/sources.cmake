cathaya_layer(service/acme_client acme_client.c client_order.c client_post.c)
