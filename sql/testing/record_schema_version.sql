-- record_schema_version(version text) none
--
-- Records the version of the schema.
insert into :schema.dbos_migrations (version)
values (:version::text::bigint)
on conflict do nothing
