-- list_application_versions(application_names? text, separator? text, limit? int) many
-- row: version_id text, version_name text, application_name text?, version_timestamp text,
-- row: created_at text
-- needs application_versions for application versions
--
-- Lists application versions, the latest first; of some applications with those that belong to none,
-- or of all.
select
  version_id,
  version_name,
  application_name, -- if application_versions.application_name
  version_timestamp::text,
  created_at::text
from :schema.application_versions as version
where statement_timestamp() is not null
  -- if application_versions.application_name and :application_names
  and (
    application_name is null
    or application_name = any(string_to_array(:application_names::text, :separator::text))
  )
  -- end
order by version.version_timestamp desc
limit :limit::int
