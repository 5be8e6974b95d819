cathaya_layer(service/ocsp_responder ocsp_answer.c ocsp_cache.c ocsp_http.c ocsp_responder.c)
