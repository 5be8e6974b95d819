cathaya_layer(service/bundle_watcher bundle_watcher.c watcher_identities.c watcher_landmarks.c watcher_log.c watcher_state.c watcher_versions.c)
