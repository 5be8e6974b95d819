cathaya_layer(registry_page page_cases.c page_html.c page_logs.c page_policy.c page_record.c page_things.c page_words.c registry_page.c)
